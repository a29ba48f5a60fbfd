//! The page of a report in a browser: Chromium without a window, spoken to through a pipe in its own
//! protocol (DevTools), so that nothing else is needed. `scripts/test` installs Chromium and runs this.

#![allow(clippy::unwrap_used)]

mod browser;

use browser::Tab;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const HOSTILE: &str = "</script><script>window.hacked = 1</script>\n<img src=x onerror='window.hacked = 2'>\n\
                       Share this \u{2028} on Facebook\n&lt;b&gt;{{views}}";

fn fine(arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_refinex")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The page of the sample run beside a more careful one; one of the documents is hostile.
fn page(folder: &Path) -> PathBuf {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/web");
    let hostile = folder.join("hostile.jsonl");
    fs::write(&hostile, format!("{}\n", json!({"id": "hostile<i>", "text": HOSTILE}))).unwrap();
    let (run, careful) = (folder.join("run"), folder.join("careful"));
    fine(&["refine", text(&samples), text(&hostile), "-o", text(&run), "-q"]);
    fine(&["rethreshold", text(&run), "--threshold", "0.9", "-o", text(&careful), "-q"]);
    let gold = samples.join("../gold.jsonl.zst");
    fine(&["report", text(&run), text(&careful), "--gold", text(&gold)]);
    run.join("report.html")
}

#[test]
#[ignore = "needs Chromium: scripts/test installs it and runs this"]
fn the_page_opens_filters_searches_and_moves_between_edits() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path());
    assert!(fs::metadata(&page).unwrap().len() < 5_000_000);
    let mut tab = Tab::open(folder.path());
    tab.size(1280, 900, false);
    tab.go(&page);

    assert_eq!(tab.number("document.querySelectorAll('#list button').length"), 87.0);
    let shown = |tab: &mut Tab| tab.number("document.querySelectorAll('#list button').length");
    tab.run("document.querySelector('[data-outcome=edited]').click()");
    let rest = shown(&mut tab);
    assert!(rest < 87.0 && tab.holds("!document.querySelector('#list .chip.edited')"));
    tab.run("document.querySelector('[data-outcome=edited]').click()");
    assert_eq!(shown(&mut tab), 87.0);

    tab.key("/");
    assert!(tab.holds("document.activeElement.id === 'search'"));
    tab.typed("facebook");
    let found = shown(&mut tab);
    assert!(found > 0.0 && found < 60.0, "{found} documents");
    assert!(tab.holds("/facebook/i.test(document.querySelector('#text mark').textContent)"));
    tab.run("document.querySelector('#only-deleted').click()");
    assert!(shown(&mut tab) <= found);
    tab.run("document.querySelector('#only-deleted').click()");
    tab.run("const s = document.querySelector('#search'); s.value = ''; s.dispatchEvent(new Event('input'))");
    tab.key("Escape");
    assert!(tab.holds("document.activeElement.id !== 'search'"));

    moves(&mut tab);
    reliability(&mut tab);
    views(&mut tab);
    tables(&mut tab);
    assert!(tab.holds("window.hacked === undefined"));
    tab.quiet();
}

#[test]
#[ignore = "needs Chromium: scripts/test installs it and runs this"]
fn the_page_shows_what_rules_dropped_and_by_which_rule() {
    let folder = tempfile::tempdir().unwrap();
    let (input, run) = (folder.path().join("in.jsonl"), folder.path().join("run"));
    let rows = ["Too short to stay.", "word"].map(|text| json!({"id": text, "text": text}));
    fs::write(&input, rows.map(|row| format!("{row}\n")).concat()).unwrap();
    fine(&["filter", text(&input), "-o", text(&run), "--rules", "gopher-quality", "-q"]);
    fine(&["report", text(&run)]);
    let mut tab = Tab::open(folder.path());
    tab.size(1280, 900, false);
    tab.go(&run.join("report.html"));
    assert!(
        tab.holds("document.querySelector('[data-outcome=dropped]').textContent === 'dropped 2'")
    );
    assert!(tab.holds("document.querySelector('#about').textContent.includes('gopher_short_doc')"));
    let after = "document.querySelector('#text td.after').textContent";
    assert!(tab.holds(&format!("document.querySelector('#text del') && !{after}")));
    tab.quiet();
}

/// n and p go from edit to edit, j and k from document to document.
fn moves(tab: &mut Tab) {
    tab.run("const o = document.querySelector('#order'); o.value = 'share'; o.dispatchEvent(new Event('change'))");
    tab.run("document.querySelectorAll('#list .chip.edited')[0].closest('button').click()");
    let current = "document.querySelector('del.current')?.dataset.edit ?? 'none'";
    assert_eq!(tab.words(current), "none");
    let name = "document.querySelector('#about strong').textContent";
    let first = tab.words(name);
    tab.key("n");
    assert_eq!(tab.words(current), "0");
    let seen = "(() => { const b = document.querySelector('#text').getBoundingClientRect(), \
                d = document.querySelector('del.current').getBoundingClientRect(); \
                return d.bottom > b.top && d.top < b.bottom; })()";
    let edits = tab.number(
        "new Set([...document.querySelectorAll('#text del')].map(d => d.dataset.edit)).size",
    );
    for _ in 1..edits as usize {
        tab.key("n");
        tab.settle();
        assert!(tab.holds(seen), "the edit that was jumped to is in view");
    }
    assert_eq!(tab.words(current), format!("{}", edits as usize - 1));
    tab.key("n");
    assert_ne!(tab.words(name), first, "behind the last edit comes the next document");
    tab.key("p");
    assert_eq!(tab.words(name), first);
    assert_eq!(tab.words(current), format!("{}", edits as usize - 1));
    tab.key("j");
    assert_ne!(tab.words(name), first);
    tab.key("k");
    assert_eq!(tab.words(name), first);
    // Before and after are the pieces of one text.
    assert!(tab.holds("[...document.querySelectorAll('.diff tbody tr')].every(r => { \
        const b = r.querySelector('.before').cloneNode(true); b.querySelectorAll('del').forEach(d => d.remove()); \
        return b.textContent === r.querySelector('.after').textContent; })"));
    assert!(tab.holds("document.querySelectorAll('del[data-score]').length > 0"));
}

/// The diagrams of reliability: their points lie in the square, and are said as a table too.
fn reliability(tab: &mut Tab) {
    let diagrams = "[...document.querySelectorAll('.view:not([hidden]) svg.diagram')]";
    assert_eq!(tab.number(&format!("{diagrams}.length")), 2.0, "of lines and of pieces");
    assert!(tab.holds(&format!(
        "{diagrams}.every(d => {{ const s = d.getBoundingClientRect(); \
           return [...d.querySelectorAll('circle')].every(c => {{ const b = c.getBoundingClientRect(); \
             return b.left >= s.left && b.right <= s.right && b.top >= s.top && b.bottom <= s.bottom; }}); }})"
    )));
    assert!(tab.holds(&format!(
        "{diagrams}.every(d => d.querySelectorAll('circle').length > 0 && d.querySelectorAll('circle').length === \
           d.closest('figure').querySelectorAll('tbody tr').length)"
    )));
    assert!(tab.holds(
        "!document.querySelector('.view:not([hidden]) .s-gold').textContent.includes('No gold')"
    ));
}

/// Two runs beside each other are the third view.
fn views(tab: &mut Tab) {
    let choose = |at: usize| {
        format!(
            "const v = document.querySelector('#view'); v.value = '{at}'; v.dispatchEvent(new Event('change'))"
        )
    };
    tab.run(&choose(2));
    assert!(tab.holds("document.querySelectorAll('.view:not([hidden])').length === 1"));
    assert!(tab.holds("document.querySelectorAll('#text del.first').length > 0"));
    assert!(
        tab.holds("document.querySelectorAll('#text del.second').length === 0"),
        "a higher threshold deletes less"
    );
    tab.run(&choose(0));
    // The hostile document is text from beginning to end.
    tab.run("const s = document.querySelector('#search'); s.value = 'hostile<i>'; s.dispatchEvent(new Event('input'))");
    assert!(tab.holds("document.querySelector('.diff').textContent.includes('window.hacked = 1')"));
    assert!(tab.holds("!document.querySelector('.diff img, .diff script')"));
    tab.run("const s = document.querySelector('#search'); s.value = ''; s.dispatchEvent(new Event('input'))");
}

fn tables(tab: &mut Tab) {
    let rows =
        "document.querySelectorAll('.view:not([hidden]) .patterns tbody tr:not([hidden])').length";
    let all = tab.number(rows);
    tab.run("const f = document.querySelector('.view:not([hidden]) .find-pattern'); f.value = 'sign in'; f.dispatchEvent(new Event('input'))");
    let some = tab.number(rows);
    assert!(some > 0.0 && some < all, "{some} of {all}");
    tab.run("document.querySelector('.view:not([hidden]) [data-by=kept]').click()");
    assert!(tab.holds("(() => { const k = [...document.querySelectorAll('.view:not([hidden]) .patterns tbody tr')].map(r => +r.dataset.kept); \
        return k.every((v, i) => i === 0 || k[i - 1] >= v); })()"));
    // An alarm leads to its documents and to the place; a document that is lost whole has none.
    tab.run("document.querySelector('.view:not([hidden]) .jump:not([data-finding=lost_document])').click()");
    assert!(tab.holds(
        "[...document.querySelectorAll('#list button')].every(b => b.querySelector('.flag'))"
    ));
    // An edit of several lines is current in each; one of them is the place.
    assert!(
        tab.holds("[...document.querySelectorAll('del.current')].some(d => d.closest('tr.found'))")
    );
}

#[test]
#[ignore = "needs Chromium: scripts/test installs it and runs this"]
fn the_page_fits_a_phone_in_light_and_dark_and_every_control_has_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path());
    let mut tab = Tab::open(folder.path());
    let shots = std::env::var_os("REFINEX_SCREENSHOTS").map(PathBuf::from);
    for (name, width, height, phone, dark) in [
        ("light", 1280, 900, false, false),
        ("dark", 1280, 900, false, true),
        ("phone", 390, 844, true, false),
        ("phone-dark", 390, 844, true, true),
    ] {
        tab.size(width, height, phone);
        tab.colours(if dark { "dark" } else { "light" });
        tab.go(&page);
        let wide = tab.number("document.documentElement.scrollWidth");
        assert!(wide <= f64::from(width), "{name}: {wide} px wide");
        let paper = tab.words("getComputedStyle(document.body).backgroundColor");
        assert_eq!(paper == "rgb(22, 24, 26)", dark, "{name}: {paper}");
        let nameless = tab.nameless();
        assert!(nameless.is_empty(), "{name}: controls without a name: {nameless:?}");
        for view in 0..3 {
            tab.run(&format!("const v = document.querySelector('#view'); v.value = '{view}'; v.dispatchEvent(new Event('change'))"));
            let wide = tab.number("document.documentElement.scrollWidth");
            assert!(wide <= f64::from(width), "{name}, view {view}: {wide} px wide");
            tab.run("for (const d of document.querySelectorAll('.view:not([hidden]) details')) d.open = true");
            let wide = tab.number("document.documentElement.scrollWidth");
            assert!(wide <= f64::from(width), "{name}, view {view}, open: {wide} px wide");
            tab.run("for (const d of document.querySelectorAll('details')) d.open = false");
            tab.key("n");
            if let Some(shots) = &shots {
                fs::create_dir_all(shots).unwrap();
                fs::write(shots.join(format!("{name}-{view}.png")), tab.picture()).unwrap();
            }
        }
        assert!(contrast_is_fine(&mut tab), "{name}");
    }
    tab.quiet();
}

/// Whether text stands out from its ground by 4.5 to 1 (WCAG 2.2, AA), for the colours that are used
/// for text.
fn contrast_is_fine(tab: &mut Tab) -> bool {
    tab.holds(
        "(() => { const style = getComputedStyle(document.documentElement); \
         const channel = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; \
         const light = (name) => { const h = style.getPropertyValue(name).trim().slice(1); \
           const [r, g, b] = [0, 2, 4].map(i => channel(parseInt(h.slice(i, i + 2), 16))); \
           return 0.2126 * r + 0.7152 * g + 0.0722 * b; }; \
         const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05); }; \
         return [['--ink', '--paper'], ['--ink', '--raised'], ['--quiet', '--paper'], ['--quiet', '--raised'], \
           ['--accent', '--raised'], ['--gone', '--gone-back'], ['--gone', '--raised'], ['--kept', '--raised'], \
           ['--warn', '--warn-back'], ['--second', '--second-back']].every(([a, b]) => ratio(a, b) >= 4.5); })()",
    )
}
