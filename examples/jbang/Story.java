///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 25+
//DEPS io.github.pastkv:pastkv:0.1.0-SNAPSHOT
//RUNTIME_OPTIONS --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED

import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.GenerationOptions;

/** Tells a story, piece by piece as it is generated; args: the model, how the story begins. */
void main(String[] args) throws IOException {
    try (Model model = Model.load(Path.of(args[0])); Session session = model.newSession()) {
        IO.print(args[1]);
        session.generate(args[1], GenerationOptions.greedy(60), IO::print);
        IO.println();
    }
}
