package io.github.pastkv.chat.tools;

/** Receives an answer that may hold tool calls, piece by piece, on the generating thread. Calls are counted from 0. */
public interface ToolCallListener {
    /** Ignores everything. */
    ToolCallListener NONE = new ToolCallListener() {};

    /** Text outside calls. */
    default void onText(String text) {}

    /** A call has begun. */
    default void onCallStarted(int index, String id, String name) {}

    /** More of the JSON text of a call's arguments. */
    default void onArguments(int index, String json) {}

    /** A call is whole. Does not come for a call that was cut. */
    default void onCallEnded(int index, ToolCall call) {}
}
