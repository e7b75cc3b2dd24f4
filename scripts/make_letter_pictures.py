"""Write the pictures of docs/channels/letter.md: two letters as they are set. Look at them after a change."""

from __future__ import annotations

from pathlib import Path

from channels import letter_pdf
from tests.channels.letters import apology, lapsed

FOLDER = Path(__file__).parents[1] / "docs" / "channels"
_PPI = 66


def main() -> None:
    for name, message in {"letter-us": lapsed(), "letter-de": apology()}.items():
        (FOLDER / f"{name}.png").write_bytes(letter_pdf.picture(letter_pdf.data_of(message), ppi=_PPI))


if __name__ == "__main__":
    main()
