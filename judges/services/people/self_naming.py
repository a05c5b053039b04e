"""Whether an answer tells who wrote it.

Names are matched whole and in any case, with any hyphens, spaces or emphasis between their parts,
also where they stand unspaced in Chinese or Japanese. Names that are ordinary words as well
(Claude, Google, a competitor called "short") count only where the writer speaks of itself: in the
same sentence, and in small letters only right after words like "I am" or "made by".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

UNMISTAKABLE = (
    "ChatGPT", "GPT-3", "GPT-3.5", "GPT-4", "GPT-4o", "GPT-4.1", "GPT-5", "GPT-OSS", "OpenAI",
    "Open AI", "Anthropic", "Claude Opus", "Claude Sonnet", "Claude Haiku", "Claude AI", "DeepSeek",
    "Deep Seek", "Qwen", "QwQ", "Tongyi", "Google DeepMind", "DeepMind", "Google Bard", "Gemma 2",
    "Gemma 3", "Gemini Pro", "Gemini Flash", "Gemini Ultra", "Meta AI", "Llama 2", "Llama 3",
    "Llama 4", "Mistral AI", "Mixtral", "Ministral", "Magistral", "Codestral", "xAI", "Cohere",
    "Command R", "Moonshot AI", "Kimi K2", "MiniMax", "ChatGLM", "GLM-4", "Zhipu", "Baichuan",
    "InternLM", "Hunyuan", "ERNIE Bot", "Doubao", "StepFun", "01.AI", "Yi-34B", "Phi-2", "Phi-3",
    "Phi-4", "Microsoft Copilot", "Nemotron", "Amazon Nova", "Amazon Titan", "Vicuna", "WizardLM",
    "OpenAssistant", "Dolly 2", "StableLM", "Falcon LLM", "Falcon-40B", "Falcon-180B", "SmolLM",
    "OLMo", "Tulu 3", "EXAONE", "HyperCLOVA", "Jamba", "AI21 Labs", "Reka Core", "Inflection AI",
    "Granite 3", "IBM watsonx", "YandexGPT", "GigaChat", "Aleph Alpha", "Perplexity AI",
    "通义千问", "通义", "千问", "文心一言", "豆包", "混元", "智谱", "深度求索", "月之暗面",
    "百川智能",
)  # fmt: skip

ORDINARY = (
    "Claude", "Gemini", "Gemma", "Llama", "Mistral", "Falcon", "Phi", "Grok", "Kimi", "Bard",
    "Copilot", "Nova", "Titan", "Granite", "Alpaca", "Jurassic", "Google", "Meta", "Facebook",
    "Microsoft", "Amazon", "Apple", "Nvidia", "IBM", "Alibaba", "Tencent", "Baidu", "ByteDance",
    "Yandex", "Сбер", "Яндекс", "阿里巴巴", "阿里云", "腾讯", "百度", "字节跳动", "谷歌", "微软",
)  # fmt: skip

SELF = re.compile(
    r"(?<!\w)(I|I['’]?m|my|me|we|our|this (ai|assistant|model)|language model|assistant|"
    r"ich|mein\w*|mich|wir|je|j['’]\w+|mon|moi|nous|yo|soy|mi|nosotros|io|sono|mio|noi|eu|sou|meu|"
    r"ik|mijn|jag|jeg|jestem|mnie|ben\w*|minä|я|меня|мой|мною|мы|أنا|تدريبي|मैं|saya|tôi)(?!\w)"
    r"|我|本模型|私|僕|저는|나는|제가|ฉัน|ผม",
    re.IGNORECASE,
)
"""Words with which a writer speaks of itself, in the languages that models are asked in most."""

INTRODUCED = re.compile(
    r"(\b(am|called|named|name is|by|as|bin|suis|soy|sono|sou)|['’]m)\W+$", re.IGNORECASE
)
"""What stands before a name that is introduced."""

SENTENCE = re.compile(r"[.!?。!?।]+(?:\s+|$)|(?<=[。!?])|\n+")
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
HYPHENS = r"\s*_`\-\u2010-\u2015"
BETWEEN = rf"[{HYPHENS}]{{0,3}}"
AT_NUMBER = rf"[{HYPHENS}.]{{0,3}}"
WITHIN = r"[*_`]{0,4}"
"""Between the parts of a name, beside a number in it, and before a capital inside a word."""

PART = re.compile(r"\d+|[A-Z]?[^\W\d_A-Z]+|[A-Z]+")
SHORTEST = 3
"""Characters; what is shorter stands in every text."""

SHOWN = 60


def named_in(text: str, names: Iterable[str] = ()) -> str:
    """The first name that `text` gives away, as it is written there; empty when there is none.

    names: of the project's competitors and models.
    """
    folded = _folded(text)
    sure, ordinary = _patterns(tuple(sorted(set(names))))
    if found := sure.search(folded):
        return found[0][:SHOWN]
    for sentence in SENTENCE.split(folded):
        if not SELF.search(sentence):
            continue
        for found in ordinary.finditer(sentence):
            if not found[0].islower() or INTRODUCED.search(sentence[: found.start()]):
                return found[0][:SHOWN]
    return ""


def _folded(text: str) -> str:
    return UNSEEN.sub("", unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=64)
def _patterns(names: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What counts anywhere, and what counts where a writer speaks of itself."""
    own = {part for name in names for part in (name, name.rpartition("/")[2])}
    own = {_folded(name).strip() for name in own if len(name.strip()) >= SHORTEST}
    plain = {name for name in own if re.fullmatch(r"[^\W\d_]+", name) and name.islower()}
    return _any_of({*UNMISTAKABLE, *(own - plain)}), _any_of({*ORDINARY, *plain})


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted({_folded(name) for name in names}, key=lambda name: (-len(name), name))
    return re.compile("|".join(filter(None, map(_pattern, longest_first))), re.IGNORECASE)


def _pattern(name: str) -> str:
    parts = list(PART.finditer(name))
    if not parts:
        return ""
    pattern = _edge(parts[0][0][0], "<!") + re.escape(parts[0][0])
    for before, part in pairwise(parts):
        numbers = before[0].isdigit() or part[0].isdigit()
        apart = AT_NUMBER if numbers else BETWEEN if before.end() < part.start() else WITHIN
        pattern += apart + re.escape(part[0])
    return pattern + _edge(parts[-1][0][-1], "!")


def _edge(letter: str, looks: str) -> str:
    """That the name ends here: by letters of its own script, as other scripts need no space. A
    number may be followed by more words of a version, but not by digits."""
    if letter.isdigit():
        return rf"(?{looks}[0-9])"
    if letter < "\u0250":
        return rf"(?{looks}[0-9A-Za-zÀ-ɏ])" if looks == "<!" else rf"(?{looks}[A-Za-zÀ-ɏ])"
    if "CYRILLIC" in unicodedata.name(letter, ""):
        return rf"(?{looks}[Ѐ-ӿ])"
    return ""
