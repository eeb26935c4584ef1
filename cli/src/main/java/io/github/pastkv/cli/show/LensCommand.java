package io.github.pastkv.cli.show;

import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.cli.io.Output;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.ColorMixin;
import io.github.pastkv.cli.options.ModelMixin;
import io.github.pastkv.cli.options.PromptMixin;
import io.github.pastkv.model.ComputeChoice;
import io.github.pastkv.model.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a model would say after each layer. */
@Command(name = "lens", sortOptions = false, header = {"Shows what a model would say after each of its layers.", ""},
        customSynopsis = {"pastkv lens [OPTIONS] PROMPT", "       pastkv lens [OPTIONS] --tokens IDS", ""},
        description = "The logit lens: final norm and head are applied to the residual stream before each layer, and the "
                + "most likely next token is shown for each position. Deeper colour is higher probability.%n",
        footer = {"", "Columns are the tokens of the prompt; the last row is what the model really says next.", "",
            "Examples:", "  pastkv lens \"Mary and John went to the shop. John gave a ball to\"",
            "  pastkv lens --plot lens.png \"Once upon a time\""})
public final class LensCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(arity = "0..1", paramLabel = "PROMPT", description = "The text.") private @Nullable String text;

    @Mixin private PromptMixin prompt = new PromptMixin();

    @Output
    @Option(names = "--plot", paramLabel = "FILE",
            description = "Also draw the table into this PNG file.") private @Nullable Path plot;

    @Mixin private ColorMixin color = new ColorMixin();

    @Mixin private ModelMixin modelOptions = new ModelMixin(ComputeChoice.F32);

    public LensCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        modelOptions.check();
        prompt.check(text, "PROMPT");
        try (Model model = modelOptions.load(streams)) {
            LogitLens lens = LogitLens.of(model, prompt.ids(text, model, modelOptions));
            streams.out().print(lens.table(color.isOn(streams)));
            streams.out().flush();
            if (plot != null) {
                OutFile.write(plot, lens.picture()::write);
            }
        }
        return 0;
    }
}
