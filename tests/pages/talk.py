"""The talk that the scripted services give."""

TITLE = "On listening: why it is the harder half of talking"

LANGUAGES = {
    "en": ("English", "ltr", "good"),
    "pt": ("Português", "ltr", "good"),
    "es": ("Español", "ltr", "good"),
    "fr": ("Français", "ltr", "draft"),
    "it": ("Italiano", "ltr", "draft"),
    "ca": ("Català", "ltr", "good"),
    "gl": ("Galego", "ltr", "good"),
    "ar": ("العربية", "rtl", "good"),
}
"""By code: own name, direction, quality."""
TARGETS = ("en", "pt", "es")
"""Languages that a talk can be given in."""
VOICES = ("pt", "es", "fr", "it")
"""Languages that are spoken, not only written."""

_TEXTS = {
    "en": """
Good evening to everybody
who has come tonight,
and also to those
who listen from afar.
I want to talk about a thing
that we do every day
without giving it much thought:
listening.
To listen is not the same
as to wait for our turn
to talk.
Who listens well
changes what the other one says,
because it gives them time.
There is a language in which
the word for listening
is the same as the word
for obeying,
and another in which it is
the same as for understanding.
Between the two is
all that I wanted to say today.
""",
    "pt": """
Boa noite a todas as pessoas
que vieram esta noite,
e também a quem
nos ouve de longe.
Quero falar de uma coisa
que fazemos todos os dias
sem pensar muito nela:
ouvir.
Ouvir não é o mesmo
que esperar pela nossa vez
de falar.
Quem ouve bem
muda o que o outro diz,
porque lhe dá tempo.
Há uma língua em que
a palavra para ouvir
é a mesma que a palavra
para obedecer,
e outra em que é a mesma
que para compreender.
Entre as duas está
tudo o que eu queria dizer hoje.
""",
    "ar": """
مساء الخير لكم جميعا
وشكرا على حضوركم هذه الليلة،
ولمن يستمع إلينا من بعيد.
أريد أن أتحدث عن شيء
نفعله كل يوم
دون أن نفكر فيه كثيرا:
الاستماع.
""",
}
"""A segment a line."""


def text(language: str, index: int) -> str:
    """A segment's text; languages without one of their own have the Portuguese."""
    texts = _TEXTS.get(language, _TEXTS["pt"]).split("\n")[1:-1]
    return texts[index % len(texts)]
