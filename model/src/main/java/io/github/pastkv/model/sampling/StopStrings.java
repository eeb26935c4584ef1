package io.github.pastkv.model.sampling;

import java.util.List;

/**
 * Ends a stream of text before the first of some stop strings: it holds back what could begin one. The stream ends
 * where a stop string is first complete; of several that end there the longest counts. How the text is cut into pieces
 * changes nothing.
 *
 * <p>For one stream at a time. Not safe for use by several threads.
 */
public final class StopStrings {
    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean isStopped;

    /** A matcher for these strings, none of them empty; an empty list lets all text pass. */
    public StopStrings(List<String> stops) {
        if (stops.contains("")) {
            throw new IllegalArgumentException("stops: " + stops + ", none may be empty");
        }
        this.stops = List.copyOf(stops);
    }

    /** Takes the next piece of text and returns what is now certain to stand before any stop string. */
    public String next(String text) {
        for (int i = 0; i < text.length() && !isStopped; i++) {
            held.append(text.charAt(i));
            int stopLength = completeStopLength();
            if (stopLength > 0) {
                isStopped = true;
                held.setLength(held.length() - stopLength);
            }
        }
        return release(isStopped ? held.length() : held.length() - possibleStopLength());
    }

    /** Whether a stop string has come; text after it is dropped. */
    public boolean isStopped() {
        return isStopped;
    }

    /** Ends the stream: returns what was held back. The matcher may then be used for another stream. */
    public String finish() {
        isStopped = false;
        return release(held.length());
    }

    private String release(int length) {
        String released = held.substring(0, length);
        held.delete(0, length);
        return released;
    }

    /** Length of the longest stop string that the held text ends with. */
    private int completeStopLength() {
        int longest = 0;
        for (String stop : stops) {
            if (stop.length() > longest && endsWith(stop, stop.length())) {
                longest = stop.length();
            }
        }
        return longest;
    }

    /** Length of the longest end of the held text that begins a stop string. */
    private int possibleStopLength() {
        int longest = 0;
        for (String stop : stops) {
            for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
                if (endsWith(stop, length)) {
                    longest = length;
                }
            }
        }
        return longest;
    }

    private boolean endsWith(String stop, int length) {
        int from = held.length() - length;
        if (from < 0) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (held.charAt(from + i) != stop.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
