"""What is known of a program by how it was built."""

import functools
import mmap


@functools.cache
def has_address_sanitizer(program):
    """Whether a program has an allocator and an address space of its own: limits of memory, and figures of the allocator, mean nothing there."""
    with open(program, "rb") as text, mmap.mmap(text.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return whole.find(b"__asan_init") >= 0
