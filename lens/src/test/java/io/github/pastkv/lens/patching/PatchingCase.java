package io.github.pastkv.lens.patching;

import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.testkit.golden.GoldenFiles;
import java.io.IOException;

/** What a golden case of patching measures. */
record PatchingCase(int answerId, int wrongId) {
    static PatchingCase read(String name) throws IOException {
        JsonObject json = JsonFile.read(GoldenFiles.path("patching/" + name).resolve("case.json"));
        return new PatchingCase(json.requireInt("answer", 0, Integer.MAX_VALUE),
                json.requireInt("wrong", 0, Integer.MAX_VALUE));
    }

    Metric metric() {
        return Metric.logitDifference(answerId, wrongId);
    }
}
