package io.github.pastkv.spark.bench;

import io.github.pastkv.cache.layout.KvType;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.ModelOptions;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.serve.NamedModel;
import io.github.pastkv.serve.batch.Batch;
import io.github.pastkv.serve.batch.BatchOptions;
import io.github.pastkv.serve.batch.BatchProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Answers requests by {@code pastkv batch}'s Java entry, with a model that is loaded anew. */
final class BatchRun {
    private final BenchSetup setup;

    BatchRun(BenchSetup setup) {
        this.setup = setup;
    }

    Timing time(BenchRequests requests, long cacheBytes) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory(setup.folder(), "batch");
        Path input = write(requests, folder.resolve("requests.jsonl"));
        Path output = folder.resolve("answers.jsonl");
        Model model = Model.load(setup.model(), ModelOptions.defaults().withNumThreads(setup.numThreads())
                .withCompute(ComputeChoice.valueOf(setup.compute())).withMaxCachedBytes(cacheBytes));
        Objects.requireNonNull(model.source().digest()); // read before the clock runs, as on Spark
        Batch batch = new Batch(new BatchOptions(input, output, false, true, setup.maxRunning()),
                new NamedModel("bench", model, SessionOptions.defaults().withKvType(KvType.valueOf(setup.kvType()))),
                System.err::println); // closes the model
        long start = System.nanoTime();
        BatchProgress end = batch.run();
        double seconds = (System.nanoTime() - start) / 1e9;
        if (end.numFailed() > 0) {
            throw new IllegalStateException("batch: " + end.numFailed() + " lines have errors");
        }
        return new Timing(texts(output), end.numPromptTokens(), end.numReusedTokens(), end.numNewTokens(), seconds);
    }

    private Path write(BenchRequests requests, Path file) throws IOException {
        return Files.write(file, requests.prompts().stream().map(prompt -> {
            ObjectNode json = JsonMapper.shared().createObjectNode();
            ArrayNode ids = json.putArray("prompt");
            for (int id : prompt) {
                ids.add(id);
            }
            return json.put("max_tokens", setup.numNew()).put("temperature", 0).put("ignore_eos", true).toString();
        }).toList());
    }

    private static List<String> texts(Path answers) throws IOException {
        return Files.readAllLines(answers).stream().map(line -> {
            JsonNode answer = JsonMapper.shared().readTree(line);
            return answer.at("/response/body/choices/0/text").stringValue();
        }).toList();
    }
}
