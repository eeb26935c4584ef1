package io.github.pastkv.chat.jinja;

import java.util.List;

/** A range of integers. */
record PyRange(long start, long stop, long step, List<Object> items) {}
