"""`python -m bench.speech`: see `campaign`."""

import sys

from bench.speech.campaign import main

sys.exit(main())
