"""Writes hostile documents as rows {"id", "text"}, the same for the same seed: hostile.py COUNT SEED.

Half are noise of every sort (exotic white space, no spaces, all punctuation, every Unicode terminal
mark, marks of every script, addresses, smileys, contractions, broken quotes); half are prose with a
measured amount of noise or repetition, so that every rule is met near its threshold.
"""

import json
import random
import sys
import unicodedata

COUNT, SEED = int(sys.argv[1]), int(sys.argv[2])
rng = random.Random(SEED)

SPACES = [chr(c) for c in range(0x110000) if chr(c).isspace()]
ODD_SPACES = SPACES + ["\u200b", "\ufeff", "\u180e", "\u2060", "\xad"]
BREAKS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\n\n", "\n\n\n"]
TERMINAL = [chr(c) for a, b in [(0x21, 0x21), (0x2E, 0x2E), (0x3F, 0x3F), (0x589, 0x589), (0x61D, 0x61F),
    (0x6D4, 0x6D4), (0x700, 0x702), (0x7F9, 0x7F9), (0x837, 0x837), (0x839, 0x839), (0x83D, 0x83E),
    (0x964, 0x965), (0x104A, 0x104B), (0x1362, 0x1362), (0x1367, 0x1368), (0x166E, 0x166E), (0x1735, 0x1736),
    (0x17D4, 0x17D6), (0x17D9, 0x17DA), (0x1803, 0x1803), (0x1809, 0x1809), (0x1944, 0x1945), (0x1AA8, 0x1AAB),
    (0x1B5A, 0x1B5B), (0x1B5E, 0x1B5F), (0x1B7D, 0x1B7E), (0x1C3B, 0x1C3C), (0x1C7E, 0x1C7F), (0x203C, 0x203D),
    (0x2047, 0x2049), (0x2E2E, 0x2E2E), (0x2E3C, 0x2E3C), (0x2E53, 0x2E54), (0x3002, 0x3002), (0xA4FF, 0xA4FF),
    (0xA60E, 0xA60F), (0xA6F3, 0xA6F3), (0xA6F7, 0xA6F7), (0xA876, 0xA877), (0xA8CE, 0xA8CF), (0xA92F, 0xA92F),
    (0xA9C8, 0xA9C9), (0xAA5D, 0xAA5F), (0xAAF0, 0xAAF1), (0xABEB, 0xABEB), (0xFE52, 0xFE52), (0xFE56, 0xFE57),
    (0xFF01, 0xFF01), (0xFF0E, 0xFF0E), (0xFF1F, 0xFF1F), (0xFF61, 0xFF61), (0x10A56, 0x10A57),
    (0x10F55, 0x10F59), (0x10F86, 0x10F89), (0x11047, 0x11048), (0x110BE, 0x110C1), (0x11141, 0x11143),
    (0x111C5, 0x111C6), (0x111CD, 0x111CD), (0x111DE, 0x111DF), (0x11238, 0x11239), (0x1123B, 0x1123C),
    (0x112A9, 0x112A9), (0x1144B, 0x1144C), (0x115C2, 0x115C3), (0x115C9, 0x115D7), (0x11641, 0x11642),
    (0x1173C, 0x1173E), (0x11944, 0x11944), (0x11946, 0x11946), (0x11A42, 0x11A43), (0x11A9B, 0x11A9C),
    (0x11C41, 0x11C42), (0x11EF7, 0x11EF8), (0x11F43, 0x11F44), (0x16A6E, 0x16A6F), (0x16AF5, 0x16AF5),
    (0x16B37, 0x16B38), (0x16B44, 0x16B44), (0x16E98, 0x16E98), (0x1BC9F, 0x1BC9F), (0x1DA88, 0x1DA88)]
    for c in range(a, b + 1)]
PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") + list("«»“”‘’‚„‹›—–…·•¡¿§¶†‡°´¨¯¬¦©®™€£¥¢₹₿％１（）［］｛｝、。，．：；？！「」『』【】《》〈〉〔〕·～￥")
ASCII_PUNCTUATION = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
QUOTES = ['"', "''", "``", "'", "`", "“", "”", "‘", "’", "„", "«", "»", '""', '"""', "```", "'''", "''''"]
ENDS = [".", "!", "?", "...", "..", "....", ". . .", ".\"", ".'", "!)", "?]", ".)", ".\u201d", "?!", "!!!", "…", "......", ".:", ".;", ".,", ".-", ".--", "--", "---", ".}", ".>", "\".", "'.", ").", "], ", ".'\""]
ABBREVIATIONS = ["Mr.", "Mrs.", "Dr.", "U.S.", "u.s.a.", "e.g.", "i.e.", "etc.", "J.", "j.", "A.", "St.", "Corp.", "Inc.", "a.m.", "p.m.", "9a.m.", "12p.m.", "vs.", "Ph.D.", "Jan.", "Sept.", "no.", "No.", "vt.", "sgt-maj.", "ex-gov.", "w.va.", ". . ", "É.", "1.", "12.", "3,000.", "-5.", ".5", "٣.", "x.", "K.", "K."]
CONTRACTIONS = ["can't", "cannot", "Cannot", "CANNOT", "cannots", "d'ye", "gimme", "gonna", "gotta", "lemme", "more'n", "wanna", "'tis", "'Twas", "'twas", "it's", "It’s", "he'll", "I'd", "we've", "you're", "dont", "doesn’t", "N'T", "didn't", "DIDN'T", "o'clock", "rock'n'roll", "'em", "'90s", "James'", "dogs'", "y'all", "whaddya", "whatcha", "could've", "shouldn't've", "ma'am", "goin'", "Goin’", "let's", "that's", "what’s", "'nuff", "cos", "Cuz", "ain't", "'s", "'S", "’s", "'ll", "n't", "im", "Im", "ive", "id", "Id", "gonna.", "GIMME,", "gotta-go", "Wannabe", "canno\u0442"]
SMILEYS = [":)", ":-)", ":(", ":D", ";)", "<3", "</3", "(-:", "o.O", "O_o", "^_^", "xD", "XD", ">.<", "¯\\(ツ)/¯", "(╯°□°）╯︵┻━┻", "ಠ_ಠ", ":o)", "8)", "=D", "><(((*>", "<space>", "\\n", "\\t", ":'(", "(^_^)", "(*_*)", "[-:", "C++", "and/or", "w/o", "IS_ALPHA", "(IS_ALPHA)", "ORTH", "-LRB-"]
ADDRESSES = ["http://a.example.com/x?y=1#z", "https://example.org", "www.example.co.uk", "example.com", "user@example.com", "mailto:a.b@c.de", "ftp://x.y:8080/z", "10.0.0.1", "192.168.1.1:80", "8.8.8.8", "223.255.255.254/x", "224.1.1.1", "a_b.example.com", "-x.example.com", "example.com.", "(example.com)", "http://例え.テスト/パス", "x@y@z.com", "foo.bar:99", "foo.bar:123456", "http://", "//a.b", "a.b.c.d.e", "1.2.3", "foo.Bar", "Foo.bar", "end.Next", "v1.2.3-beta", "file.txt,other.txt", "http://user:pass@host.com:81/p", "e.x", "127.0.0.1", "172.16.0.1", "172.15.0.1", "1.1.1.255", "x." + "y" * 64, "x." + "y" * 63, ("z" * 64) + ".com", ("z" * 65) + ".com"]
UNITS = ["5km", "5km²", "10%", "3m/s", "7 kg", "12lb", "5€", "$5", "US$5", "5US$", "C$7.50", "9°C.", "9°F", "20µm", "7тб", "5كم", "1,000", "1,000.50", "3-4", "3+4", "2*3", "2^8", "+5", "+x", "x+", "5+", "-5", "1/2", "a/b", "a:b", "a=b", "a<b>c", "12:30", "A-B", "well-known", "a--b", "a---b", "a—b", "a–b", "1—2", "~a~b", "x,y", "1,y", "x,1", "AB.", "Ab.", "aB.", "ab.Cd", "ab.'", "it.\"x", "10K", "5GB", "5Gb.", "100M.", "TBكم", "5T", "A.B", "a.b.C", "..x", "x..y", "...x", "…x", "x…y", "……", "x……y"]
WORDS = """the of and to in that is was for with as his on be at by had not are but from or have an they which one you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like my now over such our man me even most made after also well did many off before must well through back years where much your way down should because long each just state those people too mister how little good world still see very own work life men here between both under never same another know while last might us great old year come since against go came right used take three house water country system public place around however home small found during again point group number part case fact want school without always something almost enough head until better power important given large often order give face""".split()
NAMES = ["Walter", "Smith", "London", "Stewart", "Magnin", "Levine", "Edelman", "Paris", "Who", "Zimmer", "According", "However", "Sales", "I", "The", "It", "In"]
SCRIPTS = ["Привет мир", "это хорошо", "你好世界", "今天天气很好", "日本語のテキスト", "안녕하세요", "مرحبا بالعالم", "नमस्ते दुनिया", "γειά σου", "שלום עולם", "สวัสดี", "Größe", "naïve", "ÉCOLE", "İstanbul", "ıçin", "ǅungla", "ﬁne", "ſtop", "Kelvin", "ß", "ΣΑΣ", "e\u0301a", "\u0301x", "𝒳yz", "𐐀𐐨", "ª", "º", "²", "½", "Ⅷ", "①", "٣٤", "१२", "𝟘𝟙"]
POLICY = ["javascript", "JavaScript", "JAVASCRIPT", "lorem ipsum", "Lorem Ipsum", "terms of use", "Privacy Policy", "cookie policy", "uses cookies", "use of cookies", "use cookies", "use coo\u212aies", "javascr\u0130pt", "{", "}", "[1]", "[12]", "[]", "[edit]", "[citation needed]", "[٣]", "[ 1]", "[1", "w" * 1000, "w" * 1001]
ANY = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF and unicodedata.category(chr(c)) != "Cn"]
POOLS = [WORDS, WORDS, WORDS, WORDS, NAMES, PUNCTUATION, ASCII_PUNCTUATION, QUOTES, ENDS, ABBREVIATIONS, CONTRACTIONS, SMILEYS, ADDRESSES, UNITS, SCRIPTS, TERMINAL, POLICY, ANY]


def pick(pool):
    return rng.choice(pool)


def token():
    """A word with anything stuck to it."""
    parts = [pick(pick(POOLS)) for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 5]))]
    return "".join(parts)


def noise(length):
    gaps = rng.choice([[" "], [" "], [" ", "\n"], [" ", "  ", "\n", "\t"], ODD_SPACES, BREAKS, [""], [" ", "\xa0"], [" "] * 9 + BREAKS])
    pools = rng.choice([POOLS, POOLS, [pick(POOLS)], [pick(POOLS), WORDS], [ANY], [TERMINAL, WORDS], [PUNCTUATION], [ASCII_PUNCTUATION, QUOTES], [SPACES + BREAKS], [QUOTES, WORDS, ENDS]])
    stick = rng.random() < 0.5
    out = []
    for _ in range(length):
        out.append(token() if stick and pools is POOLS else pick(pick(pools)))
        out.append(pick(gaps))
    return "".join(out)


def sentence(words=None):
    found = [pick(WORDS) for _ in range(words or rng.randint(4, 22))]
    if rng.random() < 0.7:
        found[0] = found[0].capitalize()
    for at in range(len(found)):
        chance = rng.random()
        if chance < 0.05:
            found[at] += ","
        elif chance < 0.07:
            found[at] = pick(NAMES)
        elif chance < 0.08:
            found[at] = pick(rng.choice([ABBREVIATIONS, CONTRACTIONS, UNITS, ADDRESSES, SCRIPTS]))
        elif chance < 0.085:
            found[at] = pick(QUOTES) + found[at] + pick(QUOTES)
    return " ".join(found) + pick(rng.choice([[".", ".", "."], ENDS, ["."], TERMINAL, [""]]))


def prose():
    """Lines of sentences."""
    lines = []
    for _ in range(rng.randint(2, 30)):
        lines.append(" ".join(sentence() for _ in range(rng.randint(1, 4))))
    return lines


def near_threshold():
    lines = prose()
    kind = rng.randrange(16)
    share = rng.random()
    if kind == 0:  # repeated lines
        lines += [pick(lines) for _ in range(int(len(lines) * share))]
    elif kind == 1:  # repeated paragraphs
        lines = [line + "\n" for line in lines] + [pick(lines) + "\n" for _ in range(int(len(lines) * share))]
    elif kind == 2:  # a repeated n-gram inside lines
        gram = " ".join(pick(WORDS) for _ in range(rng.randint(2, 12)))
        lines = [line + " " + gram if rng.random() < share else line for line in lines]
    elif kind == 3:  # bullets
        lines = [pick(["- ", "• ", "* ", " -", "\u2022"]) + line if rng.random() < 0.8 + share / 4 else line for line in lines]
    elif kind == 4:  # ellipses at ends
        lines = [line + pick(["...", "…", "... ", "…\t"]) if rng.random() < share else line for line in lines]
    elif kind == 5:  # hashes
        lines = [line.replace(" ", " # ", int(share * 6)) for line in lines]
    elif kind == 6:  # numbers
        lines = [" ".join(str(rng.randrange(10**4)) if rng.random() < share / 2 else word for word in line.split(" ")) for line in lines]
    elif kind == 7:  # short words, or long ones
        long = share > 0.5
        lines = [" ".join((word * rng.randint(1, 4) if long else word[:2]) if rng.random() < 0.7 else word for word in line.split(" ")) for line in lines]
    elif kind == 8:  # few stop words
        stop = {"the", "be", "to", "of", "and", "that", "have", "with"}
        lines = [" ".join(word for word in line.split(" ") if word not in stop) for line in lines]
        lines.append(pick(["The the.", "the the.", "of with.", "The Of.", "the of", "with", ""]))
    elif kind == 9:  # lines without end marks
        lines = [line.rstrip(".!?") if rng.random() < 0.7 + share / 2 else line for line in lines]
    elif kind == 10:  # short lines
        lines = [line[: rng.randint(5, 40)] if rng.random() < 0.5 + share / 2 else line for line in lines]
    elif kind == 11:  # noise that C4 removes
        lines = [line + " " + pick(POLICY) if rng.random() < share / 4 else line for line in lines]
    elif kind == 12:  # many breaks
        lines = [line.replace(" ", "\n", int(share * 8)) for line in lines]
    elif kind == 13:  # exotic breaks between lines
        return pick(["", " ", "\n"]) + "".join(line + pick(BREAKS) for line in lines)
    elif kind == 14:  # an exotic character here and there
        return "\n".join("".join(c + pick(pick([TERMINAL, ODD_SPACES, ANY, PUNCTUATION])) if rng.random() < 0.01 else c for c in line) for line in lines)
    else:  # about fifty words, about five sentences
        lines = [sentence() for _ in range(rng.randint(1, 8))]
    text = pick(["\n", "\n", "\n", "\n\n", "\r\n"]).join(lines)
    return text + pick(["", "", "\n", " ", "\n\n"])


def document(number):
    kind = number % 4
    if kind == 0:
        return noise(rng.choice([0, 1, 2, 3, 5, 10, 30, 100, 300]))
    if kind == 1:
        return "\n".join(noise(rng.randint(1, 12)) for _ in range(rng.randint(1, 20)))
    return near_threshold()


for number in range(COUNT):
    print(json.dumps({"id": f"hostile#{number}", "text": document(number)}, ensure_ascii=True))
