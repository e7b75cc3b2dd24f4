"""The nine invariants of the architecture (docs/architecture.md), tried on the real engine by everything that can
go wrong.

- ``oracle.py``: the far side of the channels. It judges what arrives by rules of its own, never by a gate.
- ``world.py``, ``acts.py``, ``versions.py``: workers that can die, and what people and operators do to them.
- ``books.py``: what the store says must be whole, and agree with what arrived.
- ``test_machine.py``: all of it in any order (Hypothesis). ``test_every_crash.py``: one life, died in everywhere.
- ``driver.py``, ``crowd.py``: the same with real processes: ``test_sigkill.py``, ``test_workers.py``.

`make soak` runs the long versions; REKINDLE_SOAK_EXAMPLES and REKINDLE_SOAK_SEEDS say how long, and
REKINDLE_HUNT=1 shows a failure as found, without the minutes of shrinking.
"""
