package io.github.pastkv.cli.show;

import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.cli.io.Output;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.ColorMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.PromptMixin;
import io.github.pastkv.lens.plot.Picture;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows what a model would predict after each layer. */
@Command(name = "lens", sortOptions = false,
        header = {"Show the prediction after each layer (logit lens).", ""},
        customSynopsis = {"pastkv lens [OPTIONS] PROMPT", "       pastkv lens [OPTIONS] --tokens IDS", ""},
        description = "Logit lens: applies the final norm and the unembedding to the residual stream before each "
                + "layer. Prints the most likely next token for each layer and position, and the five most likely "
                + "tokens with their probabilities for the last position. A darker color is a higher probability.%n",
        footer = {"",
            "Columns are the tokens of the prompt. The last row has the model's own predictions.", "", "Examples:",
            "  pastkv lens \"Mary and John went to the shop. John gave a ball to\"",
            "  pastkv lens --plot lens.png \"Once upon a time\""})
public final class LensCommand implements Callable<Integer> {
    private final Streams streams;

    @Mixin private PromptMixin prompt = new PromptMixin();

    @Output
    @Option(names = "--plot", paramLabel = "FILE",
            description = "Draw the table (.svg or .png).") private @Nullable Path plot;

    @Mixin private ColorMixin color = new ColorMixin();

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    public LensCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        prompt.check();
        Picture.requireFormat("--plot", plot);
        try (Model model = modelOptions.load(streams)) {
            LensTable lens = LensTable.of(model, prompt.ids(model, modelOptions));
            streams.out().print(lens.table(color.isOn(streams)));
            streams.out().print(lens.list(model));
            streams.out().flush();
            if (plot != null) {
                OutFile.write(plot, lens.picture(modelOptions.name()).picture()::write);
            }
        }
        return 0;
    }
}
