//! A server of the protocol on loopback that misbehaves as it is told.

#![allow(dead_code, clippy::unwrap_used)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A whole response: status, more header lines, body.
    Full(u16, String, String),
    /// The same, after a while.
    Late(Duration, String),
    /// A byte every so often.
    Dribble(Duration, String),
    /// The first bytes of a response, then nothing.
    Cut(usize, String),
    /// Nothing at all.
    HangUp,
}

impl Reply {
    pub fn ok(body: &Value) -> Self {
        Self::Full(200, String::new(), body.to_string())
    }

    pub fn status(status: u16, body: &str) -> Self {
        Self::Full(status, String::new(), body.to_owned())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number, from 0.
    pub number: usize,
    pub path: String,
    pub headers: String,
    pub body: Value,
}

impl Request {
    /// The document inside the prompt.
    pub fn document(&self) -> String {
        let messages = self.body["messages"].as_array().unwrap();
        let user = messages.last().unwrap()["content"].as_str().unwrap();
        let inside = user.split_once("<document>\n").map_or(user, |(_, inside)| inside);
        inside.rsplit_once("\n</document>").map_or(inside, |(inside, _)| inside).to_owned()
    }

    /// A good completion: lines that speak of subscribing go.
    pub fn good(&self) -> Value {
        let document = self.document();
        let kept: Vec<&str> = document.split('\n').filter(|l| !l.contains("Subscribe")).collect();
        completion(&format!("<reason>a newsletter</reason>\n<text>\n{}\n</text>", kept.join("\n")))
    }
}

/// A completion that says `content`.
pub fn completion(content: &str) -> Value {
    json!({
        "id": "c1", "object": "chat.completion", "model": "served-model",
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": { "role": "assistant", "content": content },
        }],
        "usage": { "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120 },
    })
}

/// A server that stops when it is dropped.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    port: u16,
}

impl Server {
    pub fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (stop, number) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let reply = Arc::new(reply);
        let (heard, stopped) = (Arc::clone(&requests), Arc::clone(&stop));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (reply, heard, number) = (reply.clone(), heard.clone(), number.clone());
                std::thread::spawn(move || serve(stream, &*reply, &heard, &number));
            }
        });
        Self { url: format!("http://127.0.0.1:{port}/v1"), requests, stop, port }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(
    stream: TcpStream,
    reply: &dyn Fn(&Request) -> Reply,
    heard: &Mutex<Vec<Request>>,
    number: &AtomicUsize,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    // Nothing comes where a client only knocks.
    let Some(request) = read_request(&mut reader, number) else { return };
    heard.lock().unwrap().push(request.clone());
    let _ = write_reply(stream, reply(&request));
}

fn read_request(reader: &mut impl BufRead, number: &AtomicUsize) -> Option<Request> {
    let (mut first, mut headers, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        headers.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let number = number.fetch_add(1, Ordering::SeqCst);
    Some(Request { number, path, headers, body: serde_json::from_slice(&body).ok()? })
}

fn write_reply(mut stream: TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Full(status, headers, body) => stream.write_all(&response(status, &headers, &body)),
        Reply::Late(wait, body) => {
            std::thread::sleep(wait);
            stream.write_all(&response(200, "", &body))
        }
        Reply::Dribble(wait, body) => {
            for byte in response(200, "", &body) {
                stream.write_all(&[byte])?;
                std::thread::sleep(wait);
            }
            Ok(())
        }
        Reply::Cut(bytes, body) => {
            let response = response(200, "", &body);
            stream.write_all(&response[..bytes.min(response.len() - 1)])
        }
        Reply::HangUp => Ok(()),
    }
}

fn response(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         {headers}Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
