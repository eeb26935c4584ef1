import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.GenerationOptions;
import java.util.concurrent.Future;

/** Continues each text file of a folder; args: the model, the folder. */
void main(String[] args) throws Exception {
    try (Model model = Model.load(Path.of(args[0]));
            Stream<Path> files = Files.list(Path.of(args[1]));
            ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<String>> answers = files.filter(file -> file.toString().endsWith(".txt")).sorted()
                .map(file -> threads.submit(() -> answer(model, file))).toList();
        for (Future<String> answer : answers) {
            IO.println(answer.get());
        }
    }
}

/** The steps of all sessions run as one batch, and what their prompts begin with in common is computed once. */
String answer(Model model, Path file) throws IOException {
    try (Session session = model.newSession()) {
        String answer = session.generate(Files.readString(file), GenerationOptions.greedy(20)).text();
        Files.writeString(Path.of(file + ".answer"), answer);
        return file.getFileName() + ":" + answer.replace('\n', ' ');
    }
}
