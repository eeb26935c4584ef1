package io.github.pastkv.cli;

import io.github.pastkv.cli.bench.BenchCommand;
import io.github.pastkv.cli.bench.KvQualityCommand;
import io.github.pastkv.cli.bench.ScoreCommand;
import io.github.pastkv.cli.cache.CacheCommand;
import io.github.pastkv.cli.chat.ChatCommand;
import io.github.pastkv.cli.generate.GenerateCommand;
import io.github.pastkv.cli.io.Streams;
import io.github.pastkv.cli.options.CommonMixin;
import io.github.pastkv.cli.serve.BatchCommand;
import io.github.pastkv.cli.serve.ServeCommand;
import io.github.pastkv.cli.show.ActivationsCommand;
import io.github.pastkv.cli.show.AttentionCommand;
import io.github.pastkv.cli.show.AttributeCommand;
import io.github.pastkv.cli.show.DetokenizeCommand;
import io.github.pastkv.cli.show.InspectCommand;
import io.github.pastkv.cli.show.LensCommand;
import io.github.pastkv.cli.show.LogitsCommand;
import io.github.pastkv.cli.show.TokenizeCommand;
import io.github.pastkv.cli.sweep.AblateCommand;
import io.github.pastkv.cli.sweep.AcdcCommand;
import io.github.pastkv.cli.sweep.PatchCommand;
import java.util.List;
import picocli.CommandLine;

/**
 * The command line with its commands. Reading the options of all of them takes longer than most of them run, so only
 * the one that is asked for is made, and all of them where they are listed.
 */
final class Commands {
    /** Names in the order of the help. */
    private static final List<String> NAMES = List.of("generate", "chat", "serve", "batch", "logits", "activations",
            "lens",
            "attention",
            "attribute", "score", "patch", "ablate", "acdc", "inspect", "tokenize", "detokenize", "convert", "cache",
            "bench",
            "kv-quality", "completion");

    private Commands() {}

    /** The command line for some arguments. */
    static CommandLine forArguments(Streams streams, String... args) {
        String first = args.length == 0 ? "" : args[0];
        if (first.equals("--version") || first.equals("-V")) {
            return of(streams, List.of());
        }
        boolean needsOthers = !NAMES.contains(first) || first.equals(CompletionCommand.NAME);
        return of(streams, needsOthers ? NAMES : List.of(first));
    }

    /** The command line with all commands. */
    static CommandLine all(Streams streams) {
        return of(streams, NAMES);
    }

    private static CommandLine of(Streams streams, List<String> names) {
        CommandLine commandLine = new CommandLine(new PastKvCommand(streams));
        for (String name : names) {
            commandLine.addSubcommand(new CommandLine(command(name, streams)).addMixin("common", new CommonMixin()));
        }
        return names.equals(NAMES) ? commandLine.addSubcommand(new CommandLine.HelpCommand()) : commandLine;
    }

    private static Object command(String name, Streams streams) {
        return switch (name) {
            case "generate" -> new GenerateCommand(streams);
            case "chat" -> new ChatCommand(streams);
            case "serve" -> new ServeCommand(streams);
            case "batch" -> new BatchCommand(streams);
            case "logits" -> new LogitsCommand(streams);
            case "activations" -> new ActivationsCommand(streams);
            case "lens" -> new LensCommand(streams);
            case "attribute" -> new AttributeCommand(streams);
            case "attention" -> new AttentionCommand(streams);
            case "score" -> new ScoreCommand(streams);
            case "patch" -> new PatchCommand(streams);
            case "ablate" -> new AblateCommand(streams);
            case "acdc" -> new AcdcCommand(streams);
            case "inspect" -> new InspectCommand(streams);
            case "tokenize" -> new TokenizeCommand(streams);
            case "detokenize" -> new DetokenizeCommand(streams);
            case "convert" -> new ConvertCommand(streams);
            case "cache" -> new CacheCommand(streams);
            case "bench" -> new BenchCommand(streams);
            case "kv-quality" -> new KvQualityCommand(streams);
            case CompletionCommand.NAME -> new CompletionCommand(streams);
            default -> throw new IllegalArgumentException("name: " + name + ", is no command");
        };
    }
}
