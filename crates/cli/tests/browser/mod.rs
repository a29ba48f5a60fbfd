//! A tab of a Chromium without a window, driven through a pipe.

#![allow(clippy::unwrap_used)]

use base64::Engine;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Names under which Chromium is installed.
const NAMES: [&str; 5] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome"];

/// One tab; what goes wrong in it is remembered.
pub struct Tab {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    last: u64,
    faults: Vec<String>,
}

impl Tab {
    /// An empty tab of a new browser that keeps its files below `folder`.
    pub fn open(folder: &Path) -> Self {
        let browser = NAMES.iter().find(|name| is_installed(name)).unwrap_or_else(|| {
            panic!("expected one of {NAMES:?} to be installed, but found none: scripts/test installs it")
        });
        // Chromium speaks on descriptors 3 and 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null", "sh", browser])
            .args(["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh runs");
        let (to, from) =
            (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut tab = Self { child, to, from, session: None, last: 0, faults: Vec::new() };
        let made = tab.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = made["targetId"].as_str().unwrap().to_owned();
        let attached =
            tab.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        tab.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab
    }

    /// Calls a method and waits for its answer.
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut bytes = Vec::new();
            let read = self.from.read_until(0, &mut bytes).unwrap();
            assert!(read > 0, "the browser ended during {method}");
            let answer: Value = serde_json::from_slice(&bytes[..bytes.len() - 1]).unwrap();
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.note(&answer);
        }
    }

    /// Remembers errors, and whatever is fetched beside the page.
    fn note(&mut self, event: &Value) {
        let parameters = &event["params"];
        let fault = match event["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => true,
            "Runtime.consoleAPICalled" => {
                matches!(parameters["type"].as_str(), Some("error" | "warning"))
            }
            "Log.entryAdded" => {
                matches!(parameters["entry"]["level"].as_str(), Some("error" | "warning"))
            }
            "Network.requestWillBeSent" => {
                let url = parameters["request"]["url"].as_str().unwrap_or_default();
                !(url.starts_with("file://") && url.ends_with("report.html")
                    || url.starts_with("data:"))
            }
            _ => false,
        };
        if fault {
            self.faults.push(event.to_string());
        }
    }

    /// Goes to a file and waits until it is there.
    pub fn go(&mut self, page: &Path) {
        self.call("Page.navigate", json!({"url": format!("file://{}", page.display())}));
        for _ in 0..600 {
            if self.holds("document.readyState === 'complete' && location.protocol === 'file:'") {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("expected {} to load within 30 seconds", page.display());
    }

    /// Sets the size of the window.
    pub fn size(&mut self, width: u32, height: u32, phone: bool) {
        let factor = if phone { 2 } else { 1 };
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": factor, "mobile": phone});
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Sets the colours that the system prefers.
    pub fn colours(&mut self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// The value of an expression.
    fn value(&mut self, expression: &str) -> Value {
        let answer = self.call(
            "Runtime.evaluate",
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true}),
        );
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {}",
            answer["exceptionDetails"]
        );
        answer["result"]["value"].clone()
    }

    /// Runs statements.
    pub fn run(&mut self, statements: &str) {
        self.value(&format!("(() => {{ {statements} }})()"));
    }

    /// A number.
    pub fn number(&mut self, expression: &str) -> f64 {
        let value = self.value(expression);
        value.as_f64().unwrap_or_else(|| panic!("{expression}: {value}"))
    }

    /// A text.
    pub fn words(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression}: {value}")).to_owned()
    }

    /// Whether an expression is true.
    pub fn holds(&mut self, expression: &str) -> bool {
        self.value(expression) == json!(true)
    }

    /// Presses and releases a key.
    pub fn key(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        self.call("Input.dispatchKeyEvent", json!({"type": "keyDown", "key": key, "text": text}));
        self.call("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key}));
    }

    /// Types into what has the focus.
    pub fn typed(&mut self, text: &str) {
        text.chars().for_each(|letter| self.key(&letter.to_string()));
    }

    /// Waits until scrolling is over.
    pub fn settle(&mut self) {
        let script = "new Promise(done => { const b = document.querySelector('#text'); let last = -1; \
            const look = () => { if (b.scrollTop === last) done(true); else { last = b.scrollTop; setTimeout(look, 60); } }; look(); })";
        assert!(self.holds(script));
    }

    /// Controls and regions that no one could name by ear.
    pub fn nameless(&mut self) -> Vec<String> {
        let tree = self.call("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().unwrap();
        let wanted = [
            "button",
            "searchbox",
            "textbox",
            "combobox",
            "checkbox",
            "link",
            "region",
            "image",
            "navigation",
        ];
        let is_nameless = |node: &&Value| {
            node["ignored"] == json!(false)
                && wanted.contains(&node["role"]["value"].as_str().unwrap_or_default())
                && node["name"]["value"].as_str().unwrap_or_default().trim().is_empty()
        };
        let controls = nodes.iter().filter(|node| node["role"]["value"] == "button").count();
        assert!(controls > 20, "expected the tree of the page, but found {controls} buttons");
        let group = "[...document.querySelectorAll('[role=group]')].every(g => g.getAttribute('aria-label'))";
        let mut found: Vec<String> =
            nodes.iter().filter(is_nameless).map(|node| node["role"].to_string()).collect();
        if !self.holds(group) {
            found.push("a group".to_owned());
        }
        found
    }

    /// The whole page as PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let shot = self.call(
            "Page.captureScreenshot",
            json!({"format": "png", "captureBeyondViewport": true}),
        );
        base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap()).unwrap()
    }

    /// Checks that nothing went wrong and nothing was fetched.
    pub fn quiet(&mut self) {
        self.value("1");
        assert!(self.faults.is_empty(), "{:#?}", self.faults);
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_installed(name: &str) -> bool {
    let found =
        Command::new("sh").args(["-c", "command -v \"$1\" >/dev/null", "sh", name]).status();
    found.is_ok_and(|status| status.success())
}
