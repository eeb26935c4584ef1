package io.github.pastkv.kernels.onednn;

/** Whether oneDNN can be had on this machine, and why not. */
final class OneDnnHere {
    private OneDnnHere() {}

    static boolean isUsable() {
        return reason().isEmpty();
    }

    /** Empty where it can. */
    static String reason() {
        try {
            new OneDnnKernelsProvider();
            return "";
        } catch (UnsupportedOperationException e) {
            return String.valueOf(e.getMessage());
        }
    }
}
