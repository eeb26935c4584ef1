package io.github.pastkv.chat.jinja.python;

import java.util.List;

/** A range of integers. */
public record PyRange(long start, long stop, long step, List<Object> items) {}
