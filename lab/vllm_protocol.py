"""Whether vLLM's own request model knows the fields that `refinex refine --constrain HOW` sends, and what it makes
of them. No server runs and no GPU is needed: the Python files of a wheel are enough.

    pip download --no-deps vllm==VERSION; python -m zipfile -e vllm-*.whl SOURCE
    refinex refine PAGES -o OUT --model m --constrain HOW --batch-out HOW.jsonl
    python lab/vllm_protocol.py SOURCE HOW.jsonl …

Needs what the request model imports (torch, transformers, xgrammar and small packages; it names what it misses).
For each file: bodies that are accepted; their fields that no member of the model has, which vLLM ignores; bodies
whose grammar arrives unchanged in the sampling parameters; and of these, grammars that pass the check with which
vLLM's xgrammar backend refuses requests.
"""

import collections
import importlib
import inspect
import json
import os
import sys

PLACES = ["vllm.entrypoints.openai.chat_completion.protocol", "vllm.entrypoints.openai.protocol"]


def grammar_of(body):
    return (body.get("structured_outputs") or {}).get("grammar") or body.get("guided_grammar") or body.get("grammar")


def request_model(source):
    """The model of a chat request; its module was moved between versions."""
    place = next(place for place in PLACES if os.path.isfile(os.path.join(source, *place.split(".")) + ".py"))
    return importlib.import_module(place).ChatCompletionRequest


def sampling(request):
    """The sampling parameters that vLLM makes of a request, whatever else the version asks for."""
    named = inspect.signature(request.to_sampling_params).parameters
    given = {"max_tokens": 64, "logits_processor_pattern": None, "default_sampling_params": {}}
    return request.to_sampling_params(**{name: given[name] for name in named})


def constraint(params):
    """What decoding is bound by: a member that was renamed."""
    return getattr(params, "structured_outputs", None) or getattr(params, "guided_decoding", None)


def main(source, batches):
    sys.path.insert(0, source)
    model = request_model(source)
    check = importlib.import_module("vllm.v1.structured_output.backend_xgrammar").validate_xgrammar_grammar
    for batch in batches:
        tally, ignored, faults = collections.Counter(), collections.Counter(), collections.Counter()
        for line in open(batch, encoding="utf-8"):
            body = json.loads(line)["body"]
            tally["bodies"] += 1
            try:
                request = model.model_validate(body)
                params = sampling(request)
            except Exception as fault:
                faults[str(fault).splitlines()[0][:120]] += 1
                continue
            tally["accepted"] += 1
            ignored.update(set(body) - set(model.model_fields))
            bound = constraint(params)
            if bound is None or bound.grammar is None or bound.grammar != grammar_of(body):
                continue
            tally["bound by the grammar"] += 1
            try:
                check(params)
                tally["checked by xgrammar"] += 1
            except Exception as fault:
                faults[str(fault).splitlines()[0][:120]] += 1
        print(f"{os.path.basename(batch)}: {dict(tally)}, ignored {dict(ignored)}, faults {dict(faults)}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(f"expected the files of a wheel and bodies of requests, but found {sys.argv[1:]}")
    main(sys.argv[1], sys.argv[2:])
