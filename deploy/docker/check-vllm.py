"""Ends the build of an image whose vLLM is not the one that deploy/versions.env names."""

import sys
from importlib.metadata import distribution

version, cuda, python_tag = sys.argv[1:]
vllm = distribution("vllm")
torch = distribution("torch").version
wheel = [line.partition(": ")[2] for line in (vllm.read_text("WHEEL") or "").splitlines() if line.startswith("Tag")]

problems = []
if version and vllm.version.partition("+")[0] != version:
    problems.append(f"VLLM_VERSION is {version}, and the image has {vllm.version}")
if cuda and cuda not in torch:
    problems.append(f"VLLM_CUDA_VERSION is {cuda}, and the image has PyTorch {torch}")
if python_tag and wheel and not any(tag.startswith(python_tag) for tag in wheel):
    problems.append(f"VLLM_PYTHON_TAG is {python_tag}, and the image's wheel is {', '.join(wheel)}")
if problems:
    sys.exit("Correct deploy/versions.env: " + "; ".join(problems) + ".")
