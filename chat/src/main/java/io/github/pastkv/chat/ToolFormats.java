package io.github.pastkv.chat;

import io.github.pastkv.chat.tools.Tools;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The formats of the tools that were used last, so that answers with the same tools share what a grammar remembers.
 * Safe for any number of threads.
 */
public final class ToolFormats {
    private static final int MAX_FORMATS = 16;

    private final ChatFormat format;
    private final Map<Tools, ChatFormat> byTools = new LinkedHashMap<>(MAX_FORMATS, 0.75f, true);

    /** @param format without tools */
    public ToolFormats(ChatFormat format) {
        this.format = format;
    }

    /**
     * The format for some tools; that without tools if there are none.
     *
     * @throws IllegalArgumentException if the format does not support tools, or a schema is not supported
     */
    public ChatFormat of(Tools tools) {
        if (tools.definitions().isEmpty()) {
            return format;
        }
        synchronized (byTools) {
            ChatFormat known = byTools.get(tools);
            if (known != null) {
                return known;
            }
        }
        ChatFormat made = format.withTools(tools);
        synchronized (byTools) {
            if (byTools.size() >= MAX_FORMATS) {
                byTools.remove(byTools.keySet().iterator().next());
            }
            byTools.putIfAbsent(tools, made);
            return byTools.getOrDefault(tools, made);
        }
    }
}
