"""What the system has to reach, in one place: on ordinary talks together, at real pace, on two cores."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """``path`` leads to a figure of the report; ``*`` stands for each language."""

    path: str
    label: str
    limit: float
    at_least: bool = False
    """The figure has to reach the limit, instead of staying below it."""

    def met_by(self, value: float) -> bool:
        """Whether the figure is within the limit."""
        return value >= self.limit if self.at_least else value <= self.limit


THRESHOLDS = (
    Threshold("languages.*.heard_lag_ms.p50", "heard lag p50", 3600),
    Threshold("languages.*.heard_lag_ms.p95", "heard lag p95", 5500),
    Threshold("languages.*.lag_ms.p50", "lag p50", 1900),
    Threshold("languages.*.lag_ms.p95", "lag p95", 3300),
    Threshold("languages.*.ear_voice_span_ms.p50", "ear-voice span p50", 3500),
    Threshold("languages.*.caption_lag_ms.p50", "caption lag p50", 1300),
    Threshold("languages.*.bleu", "BLEU as said", 58, at_least=True),
    Threshold("languages.*.lost", "words lost", 0),
    Threshold("languages.*.repeated", "words repeated", 0),
    Threshold("languages.*.out_of_order", "segments out of order", 0),
    Threshold("wer", "word error rate", 0.07),
    Threshold("own_overhead_ms.p50", "own overhead p50", 25),
    Threshold("own_overhead_ms.p99", "own overhead p99", 80),
    Threshold("cpu_cores", "cores, broker apart", 1.1),
    Threshold("services.ingest.rss_mb", "ingest resident MB", 120),
    Threshold("services.transcriber.rss_mb", "transcriber resident MB", 120),
    Threshold("services.translator.rss_mb", "translator resident MB", 120),
    Threshold("services.notifier.rss_mb", "notifier resident MB", 120),
)
