package io.github.pastkv.tests.lens;

import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.model.files.JsonFile;
import io.github.pastkv.model.files.JsonObject;
import io.github.pastkv.tests.golden.GoldenResources;
import java.io.IOException;

/** What a golden case of patching measures. */
record PatchingCase(int answerId, int wrongId) {
    static PatchingCase read(String name) throws IOException {
        JsonObject json = JsonFile.read(GoldenResources.patching(name).resolve("case.json"));
        return new PatchingCase(json.requireInt("answer", 0, Integer.MAX_VALUE),
                json.requireInt("wrong", 0, Integer.MAX_VALUE));
    }

    Metric metric() {
        return Metric.logitDifference(answerId, wrongId);
    }
}
