package io.github.pastkv.cli.options;

import io.github.pastkv.cli.io.OutFile;
import io.github.pastkv.cli.io.Output;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Looks at every {@linkplain Output output option} before a command runs: it must be possible to write the file, and
 * the command must neither read it nor write it under another option. Files are compared as the file system does, so
 * links and hard links are seen through.
 */
public final class OutputGuard {
    private static final String MODEL_OPTION = "--model";

    private final CommandSpec spec;
    private final List<Named> outputs = new ArrayList<>();
    private final List<Named> inputs = new ArrayList<>();

    /** A file or folder and the option that names it. */
    private record Named(String option, Path path) {}

    private OutputGuard(CommandSpec spec) {
        this.spec = spec;
        for (ArgSpec argument : spec.args()) {
            if (argument.getValue() instanceof Path path && !path.toString().isEmpty()) {
                (isOutput(argument) ? outputs : inputs).add(new Named(name(argument), path));
            } else if (argument.getValue() instanceof List<?> list) {
                list.stream().filter(Path.class::isInstance)
                        .forEach(path -> inputs.add(new Named(name(argument), (Path) path)));
            }
        }
    }

    /**
     * Looks at a command whose options have been read.
     *
     * @throws IOException when a file cannot be written
     * @throws ParameterException when a file is read, or written twice
     */
    public static void check(CommandLine command) throws IOException {
        new OutputGuard(command.getCommandSpec()).check();
    }

    /** Whether an option names a file that the command writes. */
    public static boolean isOutput(ArgSpec argument) {
        return argument.userObject() instanceof AnnotatedElement field && field.isAnnotationPresent(Output.class);
    }

    private static String name(ArgSpec argument) {
        return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    }

    private void check() throws IOException {
        for (int i = 0; i < outputs.size(); i++) {
            Named output = outputs.get(i);
            OutFile.requireWritable(output.option(), output.path());
            for (Named other : outputs.subList(0, i)) {
                if (isSame(output.path(), other.path())) {
                    throw refused(other.option() + " and " + output.option() + ": " + output.path()
                            + " cannot hold both");
                }
            }
        }
        if (outputs.stream().anyMatch(output -> Files.isRegularFile(output.path()))) {
            requireNotRead();
        }
    }

    private void requireNotRead() throws IOException {
        addShippedModel();
        for (Named input : inputs) {
            for (Path file : filesOf(input)) {
                for (Named output : outputs) {
                    if (isSame(file, output.path())) {
                        throw refused(output.option() + ": " + output.path() + " is read by this command ("
                                + input.option() + "); choose another file");
                    }
                }
            }
        }
    }

    private void addShippedModel() throws IOException {
        OptionSpec model = spec.findOption(MODEL_OPTION);
        if (model != null && model.getValue() == null) {
            inputs.add(new Named(MODEL_OPTION, TinyModelFolder.require()));
        }
    }

    /** The files in a folder; of a model that is one file, those beside it that may be its other parts. */
    private static List<Path> filesOf(Named input) throws IOException {
        if (Files.isDirectory(input.path())) {
            return list(input.path(), null);
        }
        Path parent = input.path().toAbsolutePath().getParent();
        return input.option().equals(MODEL_OPTION) && parent != null && Files.exists(input.path())
                ? list(parent, ending(input.path()))
                : List.of(input.path());
    }

    private static List<Path> list(Path folder, @Nullable String ending) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> ending == null || ending(file).equals(ending)).toList();
        }
    }

    private static String ending(Path file) {
        String name = file.toString();
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /** Devices and pipes take the bytes of many. */
    private static boolean isSame(Path one, Path other) throws IOException {
        if (Files.isRegularFile(one) && Files.isRegularFile(other)) {
            return Files.isSameFile(one, other);
        }
        return !Files.exists(one) && !Files.exists(other)
                && one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize());
    }

    private ParameterException refused(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
