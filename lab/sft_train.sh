#!/usr/bin/env bash
# Gives what `refinex export sft` writes to the trainers themselves: one real SFTTrainer step of TRL on
# `messages` and `prompt-completion`, and the loaders and encoders of LLaMA-Factory, ms-swift and axolotl
# on their dialects. In each, the tokens that have a loss are decoded and compared with the program.
#
# Each library has a virtual environment of its own, since they want different transformers. They are
# installed without what a text on a CPU does not need (gradio, torchaudio, flash attention, …).
# Needs: python3.11 or later with venv, a package index (PyPI), a built target/release/refinex, and
# about 7 GB for torch; REFINEX_TORCH=…/site-packages takes one that is installed already.
# Usage: lab/sft_train.sh [FOLDER [LIBRARY…]]   (default: a new one under /tmp, all libraries)
set -euo pipefail
cd "$(dirname "$0")/.."
stop() { echo "sft_train: $*" >&2; exit 2; }
refinex=$PWD/target/release/refinex
[ -x "$refinex" ] || stop "expected target/release/refinex, but found none: cargo build --release -p refinex-cli"
work=${1:-$(mktemp -d /tmp/refinex-sft.XXXXXX)}
shift || true
[ $# -gt 0 ] || set -- trl llamafactory swift axolotl
venvs=${REFINEX_SFT_VENVS:-/tmp/refinex-sft-venvs}

some="regex safetensors psutil pyyaml requests jinja2"
packages() { # what comes with its dependencies; what comes without
  case $1 in
  trl) echo "datasets==5.2.0 typer $some;trl==1.16.0 transformers==5.24.0 accelerate==1.15.0" ;;
  llamafactory) echo "datasets==4.0.0 omegaconf sentencepiece tiktoken einops scipy pydantic fire av<=16.0.0 hf-transfer tyro<0.9.0 huggingface-hub<1.0,>=0.34 $some;llamafactory==0.9.5 torchvision torchdata transformers==4.57.6 trl==0.24.0 peft==0.18.1 accelerate==1.11.0 tokenizers==0.22.*" ;;
  swift) echo "datasets<4.8.5,>=4.0 modelscope addict json-repair dacite einops scipy sentencepiece tiktoken simplejson sortedcontainers pillow zstandard oss2 attrdict binpacking nltk rouge importlib-metadata openai matplotlib aiohttp huggingface-hub<1.0,>=0.34 $some;ms-swift==4.6.0 transformers==4.57.6 trl==0.24.0 peft==0.18.1 accelerate==1.11.0 tokenizers==0.22.*" ;;
  axolotl) echo "datasets==4.8.4 addict fire einops colorama pydantic==2.12.5 python-dotenv langdetect mistral-common sentencepiece zstandard numba fastcore schedulefree posthog s3fs evaluate huggingface-hub==1.17.0 $some;axolotl==0.19.0 transformers==5.16.1 trl==1.9.0 peft==0.20.0 accelerate==1.13.0 tokenizers==0.23.1 axolotl-contribs-lgpl axolotl-contribs-mit optimum" ;;
  *) stop "expected trl, llamafactory, swift or axolotl, but found $1" ;;
  esac
}

installed() {
  local venv=$venvs/$1 list
  [ -e "$venv/done" ] && return
  list=$(packages "$1")
  python3 -m venv "$venv" || stop "expected python3 to make a virtual environment at $venv, but it failed"
  if [ -n "${REFINEX_TORCH:-}" ]; then
    echo "$REFINEX_TORCH" > "$("$venv/bin/python" -c 'import site; print(site.getsitepackages()[0])')/torch.pth"
  else
    "$venv/bin/python" -m pip install -q torch || stop "expected torch from a package index, but pip failed"
  fi
  # Their own demands on torch and on each other are not met to the letter; pip says so and goes on.
  "$venv/bin/python" -m pip install -q ${list%;*} && "$venv/bin/python" -m pip install -q --no-deps ${list#*;} ||
    stop "expected the packages of $1 from a package index, but pip failed"
  touch "$venv/done"
}

# Labelled documents: the sample pages, refined by the embedded tagger.
"$refinex" refine samples/web -o "$work/run" -q > /dev/null
for dialect in messages prompt-completion llama-factory swift axolotl; do
  "$refinex" export sft "$work/run" -o "$work/$dialect" --dialect "$dialect" > "$work/$dialect.txt"
done
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false DISABLE_VERSION_CHECK=1
for library in "$@"; do
  installed "$library"
  "$venvs/$library/bin/python" lab/sft_train.py "$work" "$library" > "$work/$library.log" 2>&1 ||
    { tail -5 "$work/$library.log" >&2; stop "expected $library to read its export, but it failed: $work/$library.log"; }
  grep -E "^(torch|llamafactory|ms-swift|axolotl|trl)[ ,:]" "$work/$library.log"
done
