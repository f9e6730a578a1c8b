"""GPIO pins by gpiozero, with what can go wrong in a sentence."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

from device.errors import HardwareError


@contextlib.contextmanager
def pin_errors(what: str) -> Iterator[None]:
    """Around whatever opens pins: `what` begins the sentence. Raises HardwareError.

    Any error counts: lgpio's own is a plain Exception.
    """
    from gpiozero import exc

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", exc.PinFactoryFallback)
            yield
    except exc.BadPinFactory as error:
        raise HardwareError(
            f"{what} needs GPIO pins, and there is no library that reaches them here: on a Raspberry Pi, "
            "make run installs it (Debian's python3-lgpio)."
        ) from error
    except exc.PinInvalidPin as error:
        raise HardwareError(f"{what}: {error}. Pins are named like GPIO17 or BOARD11.") from error
    except exc.GPIOPinInUse as error:
        raise HardwareError(f"{what}: its pin is already used by another part of the device.") from error
    except exc.PinFixedPull as error:
        raise HardwareError(
            f"{what}: the board itself pulls this pin up. Connect the button to ground, or use another pin."
        ) from error
    except Exception as error:
        raise HardwareError(f"{what} cannot be opened: {error or type(error).__name__}.") from error
