import io.github.pastkv.lens.CachedRun;
import io.github.pastkv.lens.TokenLabels;
import io.github.pastkv.lens.patching.GridResult;
import io.github.pastkv.lens.patching.LabeledGrid;
import io.github.pastkv.lens.patching.Metric;
import io.github.pastkv.lens.patching.PatchGrid;
import io.github.pastkv.lens.patching.PatchSource;
import io.github.pastkv.lens.patching.PatchSweep;
import io.github.pastkv.lens.patching.PromptPair;
import io.github.pastkv.lens.patching.SweepOptions;
import io.github.pastkv.lens.plot.Caption;
import io.github.pastkv.lens.plot.DivergingMap;
import io.github.pastkv.lens.plot.GridFigure;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.tokenizer.TextTokenizer;

static final String CLEAN = "When Mary and John went to the store, John gave a drink to";
static final String CORRUPTED = "When Mary and John went to the store, Mary gave a drink to";

/** Where does a model keep who gets the drink? args: the model, the picture to write. */
void main(String[] args) throws IOException {
    try (Model model = Model.load(Path.of(args[0]))) {
        TextTokenizer tokenizer = model.tokenizer().orElseThrow();
        PromptPair pair = new PromptPair(tokenizer.encode(CLEAN, true), tokenizer.encode(CORRUPTED, true));
        Metric metric = Metric.logitDifference(tokenizer.encodeContinuation(" Mary")[0],
                tokenizer.encodeContinuation(" John")[0]);
        PatchGrid grid = PatchGrid.named("resid_pre").getFirst();
        try (PatchSweep sweep = PatchSweep.ofPair(model, pair, false, SweepOptions.defaults());
                CachedRun clean = sweep.sourceRun(pair.clean(), grid)) {
            double unpatched = metric.of(sweep.baseLogits());
            GridResult result = sweep.run(grid, PatchSource.ofRun(clean.activations()), metric);
            LabeledGrid numbers = LabeledGrid.of(result, TokenLabels.of(model, pair.corrupted()));
            draw(numbers, unpatched, Path.of(args[1]));
            IO.println("unpatched %.2f, strongest cell %.2f of %d".formatted(unpatched,
                    numbers.values()[numbers.strongest(unpatched, 1).getFirst()], numbers.values().length));
        }
    }
}

void draw(LabeledGrid numbers, double unpatched, Path picture) throws IOException {
    Caption caption = new Caption("Residual stream, patched from the clean prompt", List.of(CLEAN, CORRUPTED));
    GridFigure.Scale scale = new GridFigure.Scale("logits, Mary - John", unpatched, "unpatched");
    new DivergingMap(GridFigure.of(numbers, scale, caption, "corrupted prompt")).picture().write(picture);
}
