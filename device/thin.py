"""Thin mode: the composition root of a device without engines of its own.

It listens, sounds, shines, and says what it has to say word for word; understanding and answering are left
to System 2. No engine, no sentence template and no page is ever loaded, which is what keeps it small.
"""

from __future__ import annotations
