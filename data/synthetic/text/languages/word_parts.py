"""Parts from which words are made that no list holds: laughter, affixes, nicknames, invented family names; by language."""

# ruff: noqa: E501, SIM905 - words read best as they are spoken
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from data.synthetic.text.languages.english.names import ORGANISATIONS

EMOJI: tuple[str, ...] = tuple(
    "😂 😭 ❤️ 😍 🙏 🔥 😩 😊 😢 💀 🤣 😘 😡 👏 🙄 😁 💕 👀 😅 🎉 😄 💯 😔 😉 🤔 💔 ✨ 💪 😎 🙌 😠 😤 😳 🥺 😞 😋 😒 😆 💙 💜 😱 🙈 😃 👍 😫 "
    "😏 😴 😰 🤗 🎶 🌸 🙃 😬 💛 💚 👌 🤦 🤷 😕 😟 😑 🥲 😇 🖤 😐 🤢 😈 😪 💖 🎂 👑 😥 🌞 🍕 🤮 😓 😨 😣 😝 🐶 🐱 ⚽ 🏆 🎁 📸 🍷 🍻 ☕ 🌹 🌈 ☀️ ❄️ 🎄 👻 🎃 😶 🤐 😧 😦 🙁 😯 😖 "
    "🤯 🥰 🥳 🫠 🤩 😌 🤪 😜 😹 😿 👊 ✌️ 🤞 🤘 👋 💅 💃 🕺 🏃 🚗 ✈️ 🏠 📚 🎓 🎬 🎮 🎤 🎧 🏀 🏈 ⚾ 🎾 🥊 🚴 🍰 🍫 🍦 🍔 🌮 🥑 🍓 🌻 🌴 🌊 🌙 ⭐ ⚡ 💥 💦 💤 💸 💰 📈 📉 📢 🚨 ✅ ❌ 🦋 🐝 🦄".split()
)
"""In the order of their use, in every language."""


@dataclass(frozen=True)
class WordParts:
    """The parts of one language."""

    laughs: tuple[str, ...]
    """Repeated, they make a laugh."""
    stretches: tuple[str, ...]
    """Repeated at the end of a clause; empty where vowels are lengthened instead."""
    prefixes: tuple[str, ...]
    """Put before a thing, without a space."""
    affixes: tuple[str, ...]
    """Put after a thing, without a space."""
    company: tuple[tuple[str, str], ...]
    """What is written before and after the name of a friend at the end of a clause."""
    onsets: tuple[str, ...]
    """Beginnings of invented family names."""
    endings: tuple[str, ...]
    """Their ends."""
    syllables: tuple[str, ...]
    """Beginnings of nicknames."""
    tails: tuple[str, ...]
    """Their ends."""
    orgs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Patterns of names of organisations of a topic, where they are not those of the language."""
    stop: str = "."
    """Ends a sentence."""
    coins_given: bool = False
    """Whether onsets are family names and endings given names, rather than both a family name."""
    accents: bool = False
    """Written with accents that people in a hurry leave out."""


_SYLLABLES = tuple(
    "mo be ki ru ta jo lu fi da zo pe sha bri cla dre gus hal ine kat lor mar ned oli pip ros stu tam vin wil yas car deb ell fran gor jen "
    "al an ar bra ce chi cri do dun ed em en fer flo ga gin gra hen ida il iz jas ju ka kel kri la len li lin mel mi mon nel nor "
    "o pat per phi qui ra ren ri sab sal sel ser si sim sol sul te ter the til tor tri u val ve vic wen xan ya yu zan zi".split()
)

WORD_PARTS: dict[str, WordParts] = {
    "en": WordParts(
        laughs=("ha", "he", "lo", "ah"),
        stretches=(),
        prefixes=tuple("mini mega super anti ultra post pre neo semi micro pseudo non over hyper un crypto giga proto retro turbo".split()),
        affixes=tuple("gate core ish mania phobia tastic maxxing adjacent holic pilled verse geddon ception nerd talk goals".split()),
        company=((", ", ""), (" cc ", ""), (", right ", "?"), (", thanks ", ""), (" (hi ", ")"), (", sorry ", ""), (" (ask ", ")"), (" - ", "")),
        onsets=tuple(
            "Ash Black Brad Bram Brent Brook Cald Carl Chad Clay Cold Cran Dal Dun East Eld Fair Farn Gar Glen Gold Green Hal Ham Har Hart "
            "Haw Hazel High Hol Hunt Kel Ken King Lang Law Lin Lock Mar May Mill New Nor Oak Pen Pem Ray Red Ros Rush Sand Shel Stan Star "
            "Stock Sut Thorn Wal War West Whit Wick Win Wood York".split()
        ),
        endings=tuple("worth field ton ham ley well bury by wick den don ford gate man more ridge shaw son stead stone thorpe ville ward wood".split()),
        syllables=_SYLLABLES,
        tails=tuple("zzy bo ster ie o bean nut ska y na zo kins pop lie la dog ster face bug boo mo ndra nny rie sh".split()),
        orgs=ORGANISATIONS,
    ),
    "ja": WordParts(
        laughs=("w", "笑", "草", "ｗ"),
        stretches=("ー", "〜", "！", "…"),
        prefixes=tuple("超 神 激 脱 新 元 裏 真 ミニ メガ 推し 偽 本気".split()),
        affixes=tuple("沼 勢 界隈 民 担当 ロス 欲 不足 部 日和 活 同好会 マニア 疲れ 案件 祭り".split()),
        company=(("、", "と一緒"), ("、", "ありがとう"), (" ", "が言ってた"), ("、", "どう思う？"), ("（", "情報）"), (" ", "、聞いて")),
        onsets=tuple("青 赤 秋 朝 東 石 岩 上 内 梅 江 大 岡 小 片 金 亀 川 神 菊 北 木 桜 佐 沢 篠 白 杉 須 瀬 高 竹 谷 千 土 鶴 寺 富 中 長 成 西 野 橋 花 浜 早 原 平 福 藤 星 堀 松 三 宮 村 森 柳 山 吉 若".split()),
        endings=tuple("田 川 山 村 本 野 原 崎 沢 井 島 木 谷 口 内 岡 橋 瀬 塚 森 浦 尾 宮 倉 浜 坂".split()),
        syllables=tuple("ゆう みー さく あー はる なな りん ひな そら まこ けん たく しょう りょう かな まい のん みく ゆき あや とも ひろ".split()),
        tails=tuple("ちゃん くん っち ぴ さん たん りん ぽん 先輩 ぴょん".split()),
        stop="。",
    ),
    "es": WordParts(
        laughs=("ja", "je", "ji", "jsj"),
        stretches=(),
        prefixes=tuple("mini mega super anti ultra pos pre neo semi micro seudo archi re requete".split()),
        affixes=tuple("manía itis fobia azo ón gate land nauta holic dependiente lover".split()),
        company=((" con ", ""), (" y ", ""), (", gracias ", ""), (" según ", ""), (", no ", "?"), (" para ", ""), (", ", "")),
        onsets=tuple(
            "Alm Alar Ald Arc Arr Bal Ban Bar Bell Ber Cal Cam Car Cas Cer Cort Esp Fern Flor Gal Gar Gor Guz Herm Ib Jar Lar Led Lor Mal Man "
            "Mar Med Mir Mont Mor Nav Ol Ort Pal Par Per Quin Riv Rom Sal San Ser Sol Tor Val Var Vel Vill Zam Zar".split()
        ),
        endings=tuple("ano ante ares aro edo ejo elos era ero eta iel illo ina ines iño ito osa oso ores uelo ueta urra ez ada andia".split()),
        syllables=_SYLLABLES,
        tails=tuple("chi cho ita ito nacho lis ncha pe rro ti co yo lu ri sita".split()),
        accents=True,
    ),
    "pt": WordParts(
        laughs=("k", "ha", "rs", "kk"),
        stretches=(),
        prefixes=tuple("mini mega super anti ultra pós pré neo semi micro pseudo arqui hiper re".split()),
        affixes=tuple("zão zinho mania fobia eiro aço gate verso ólatra lândia".split()),
        company=((" com ", ""), (" e ", ""), (", valeu ", ""), (" segundo ", ""), (", né ", "?"), (" pra ", ""), (", ", "")),
        onsets=tuple(
            "Alb Alm Alv Andr Ar Az Bar Bast Bel Bit Bor Brag Cal Cam Card Carv Cast Cout Dam Dur Esp Far Fig Font Fort Gal Gam Gond Guim "
            "Lac Lem Lim Lour Mac Mag Mal Mat Med Mor Nor Oliv Pach Pal Pim Pin Port Quint Ram Reb Sal Sant Sil Tav Teix Val Vasc Vil".split()
        ),
        endings=tuple("ado ais alho ana ares aro eda edo eira eiro elo enta ão iga inho ino ola ona orim oso ueira uel ães ós".split()),
        syllables=_SYLLABLES,
        tails=tuple("inha inho zão ca lu ti dé ju co nda lê gui bs xa zé ne".split()),
        accents=True,
    ),
    "ko": WordParts(
        laughs=("ㅋ", "ㅎ", "ㅋㅋ", "하"),
        stretches=("~", "ㅠ", "!", "ㅜ", "…"),
        prefixes=tuple("초 갓 찐 핵 생 노 왕 국민 인생 미니 메가".split()),
        affixes=tuple("러 덕후 템 각 병 존 갬성 파티 앓이 맛집 중독 지옥 천국".split()),
        company=((" ", "랑"), (" ", " 고마워"), (", ", " 말로는"), (" ", "도"), (" (", "한테 들음)"), (", ", " 보고 있나")),
        onsets=tuple("김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 류 전 홍 고 문 양 손 배 백 허 유 남 심 노 하 곽 성 차 주 우 구 민".split()),
        endings=tuple("가람 나래 다온 도담 라온 마루 미르 바다 새롬 아라 여울 온유 이든 지안 찬솔 초롱 태오 하람 한결 해솔 예솔 우림 은결 보람".split()),
        syllables=tuple("민 지 수 현 영 은 태 혜 승 재 윤 하 도 준 서 예 유 채 다 보 소 아 정 규".split()),
        tails=tuple("이 쓰 짱 언니 형 쌤 선배 둥이 몽 뽀 찌".split()),
        coins_given=True,
    ),
}  # fmt: skip
"""By `Language.code`."""
