"""What xgrammar, vLLM's default backend, makes of the grammars that `refinex refine --constrain
structured-outputs` sends: whether it reads them, what they accept, and what compiling them costs.

    refinex refine PAGES -o q --model m --constrain structured-outputs --batch-out batch.jsonl
    refinex export sft LABELLED -o sft --dialect prompt-completion
    python lab/grammar_xgrammar.py batch.jsonl TOKENS.json END [sft/train.jsonl]

TOKENS.json is a list of tokens as byte-level vocabularies spell them (`lab/constraint_speed.sh` makes one of a
GGUF), END the id of the token that ends an answer. With the training rows of the same chunks, the share of
labelled programs that the grammars can say is counted. Needs: xgrammar and torch; no GPU, no vLLM.
"""

import json
import sys
import time

import torch
import xgrammar

torch.set_num_threads(1)
batch, tokens, end = sys.argv[1], json.load(open(sys.argv[2])), int(sys.argv[3])
labelled = {}
for path in sys.argv[4:]:
    for line in open(path):
        row = json.loads(line)
        labelled[row["prompt"][1]["content"]] = row["completion"][0]["content"]
info = xgrammar.TokenizerInfo(tokens, vocab_type=xgrammar.VocabType.BYTE_LEVEL, stop_token_ids=[end])
wrong = ["", "remove_lines(0, 1)", "remove_lines(2, 1)", "remove_lines(1, 1)\n", 'remove_str(1, "")', "Sure!"]


def accepts(compiled, program):
    matcher = xgrammar.GrammarMatcher(compiled)
    return matcher.accept_string(program) and matcher.accept_token(end)


times, sizes, said, asked, odd = [], [], 0, 0, 0
for line in open(batch):
    body = json.loads(line)["body"]
    grammar, page = body["structured_outputs"]["grammar"], body["messages"][1]["content"]
    begun = time.process_time()
    compiled = xgrammar.GrammarCompiler(info, max_threads=1, cache_enabled=False).compile_grammar(grammar)
    times.append(time.process_time() - begun)
    sizes.append(len(grammar))
    good = accepts(compiled, "keep_all()") and accepts(compiled, "remove_lines(1, 1)")
    odd += not good or any(accepts(compiled, program) for program in wrong)
    if page in labelled:
        asked += 1
        said += accepts(compiled, labelled[page])
times.sort()
print(f"{len(times)} grammars, {odd} that accept what they must not or refuse what they must accept")
print(f"bytes: mean {sum(sizes) // len(sizes)}, most {max(sizes)}; processor seconds to compile: "
      f"mean {sum(times) / len(times):.3f}, half {times[len(times) // 2]:.3f}, most {times[-1]:.3f}")
if asked:
    print(f"{said} of {asked} labelled programs can be said")
