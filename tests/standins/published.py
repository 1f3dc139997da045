"""What Amazon's services offer where they offer most, by their published lists: botocore's models have none."""

_STREAMED = """
    af-ZA am-ET ar-AE ar-SA be-BY bg-BG bn-IN bs-BA ca-ES ckb-IQ ckb-IR cs-CZ cy-WL da-DK de-CH de-DE el-GR en-AB en-AU
    en-GB en-IE en-IN en-NZ en-US en-WL en-ZA es-ES es-MX es-US et-ET eu-ES fa-AF fa-IR fi-FI fr-CA fr-FR gl-ES gu-IN
    he-IL hi-IN hr-HR ht-HT hu-HU hy-AM id-ID is-IS it-IT ja-JP jv-ID ka-GE kab-DZ kk-KZ km-KH kn-IN ko-KR lg-IN lt-LT
    lv-LV mk-MK ml-IN mr-IN ms-MY my-MM ne-NP nl-NL no-NO or-IN pa-IN pl-PL ps-AF pt-BR pt-PT ro-RO ru-RU si-LK sk-SK
    sl-SI so-SO sq-AL sr-RS su-ID sv-SE sw-BI sw-KE sw-RW sw-TZ sw-UG ta-IN te-IN th-TH tl-PH tr-TR uk-UA uz-UZ vi-VN
    zh-CN zh-HK zh-TW zu-ZA
"""
TRANSCRIBE_STREAMS = frozenset(_STREAMED.split())
"""``LanguageCode`` of ``StartStreamTranscription``, as newer SDKs than Python's have it."""

_TRANSLATED = """
    af sq am ar hy az bn bs bg ca zh zh-TW hr cs da fa-AF nl en et fa tl fi fr fr-CA ka de el gu ht ha he hi hu is id ga
    it ja kn kk ko lv lt mk ms ml mt mr mn no ps pl pt pt-PT pa ro ru sr si sk sl so es es-MX sw sv ta te th tr uk ur uz
    vi cy
"""
TRANSLATE_CODES = tuple(_TRANSLATED.split())
"""The guide's table of supported languages."""

POLLY_VOICES = {
    "Arlet": (("ca-ES",), ("neural",)),
    "Bianca": (("it-IT",), ("generative", "neural", "standard")),
    "Burcu": (("tr-TR",), ("neural",)),
    "Camila": (("pt-BR",), ("generative", "neural", "standard")),
    "Carmen": (("ro-RO",), ("standard",)),
    "Dora": (("is-IS",), ("standard",)),
    "Elin": (("sv-SE",), ("neural",)),
    "Gwyneth": (("cy-GB",), ("standard",)),
    "Hala": (("ar-AE",), ("neural",)),
    "Ida": (("nb-NO",), ("neural",)),
    "Jitka": (("cs-CZ",), ("neural",)),
    "Joanna": (("en-US",), ("generative", "neural", "standard")),
    "Kajal": (("en-IN", "hi-IN"), ("generative", "neural")),
    "Laura": (("nl-NL",), ("generative", "neural")),
    "Lea": (("fr-FR",), ("generative", "neural", "standard")),
    "Lucia": (("es-ES",), ("generative", "neural", "standard")),
    "Ola": (("pl-PL",), ("generative", "neural")),
    "Seoyeon": (("ko-KR",), ("generative", "neural", "standard")),
    "Sofie": (("da-DK",), ("neural",)),
    "Suvi": (("fi-FI",), ("neural",)),
    "Takumi": (("ja-JP",), ("neural", "standard")),
    "Tatyana": (("ru-RU",), ("standard",)),
    "Vicki": (("de-DE",), ("generative", "neural", "standard")),
    "Zeina": (("arb",), ("standard",)),
    "Zhiyu": (("cmn-CN",), ("neural", "standard")),
}
"""Of the guide's table of voices those that are needed: the languages of each, its own first, and its engines."""
