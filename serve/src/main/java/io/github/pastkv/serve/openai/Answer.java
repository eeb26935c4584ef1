package io.github.pastkv.serve.openai;

import io.github.pastkv.serve.run.RunEvent;
import java.io.IOException;

/** An answer while it is made, for one thread. */
interface Answer {
    /** Takes the next event. */
    void take(RunEvent event) throws IOException;

    /** Nothing has been sent for a while. */
    void ping() throws IOException;
}
