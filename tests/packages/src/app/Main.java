package app;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.tinymodel.TinyModel;
import java.nio.file.Path;

/** Prints the kernels, and a text of the bundled model; args: the folder that the model is unpacked to. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        TinyModel.unpackTo(folder);
        try (Model model = Model.load(folder); Session session = model.newSession()) {
            System.out.println("kernels: " + model.kernels().kernels().name());
            System.out.println(session.generate("Once upon a time", GenerationOptions.greedy(12)).text());
        }
    }
}
