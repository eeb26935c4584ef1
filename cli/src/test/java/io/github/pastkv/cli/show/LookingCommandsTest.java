package io.github.pastkv.cli.show;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.pastkv.cli.CommandRun;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands for people who look rather than read, on the shipped model. */
class LookingCommandsTest {
    private static final String PROMPT = "Mary and John went to the shop. John gave a ball to";

    @TempDir private Path folder;

    @Test
    void lens_showsALineForEachLayer_whoseLastFindsTheName() throws Exception {
        Path picture = folder.resolve("lens.png");
        CommandRun run = CommandRun.of("lens", "--color", "never", "--plot", picture.toString(), PROMPT);
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("embedding").contains("layer 0");
        String last = run.out().lines().filter(line -> line.startsWith("layer 5")).findFirst().orElseThrow();
        assertThat(last.strip()).endsWith("Mary");
        assertThat(ImageIO.read(picture.toFile()).getWidth()).isGreaterThan(500);
    }

    @Test
    void attention_drawsOneHead_andAPageOfAll() throws Exception {
        Path picture = folder.resolve("head.png");
        Path page = folder.resolve("heads.html");
        CommandRun run =
                CommandRun.of("attention", "--layer", "5", "--head", "0", "--png", picture.toString(), "--html",
                        page.toString(), PROMPT);
        assertThat(run.exitCode()).isZero();
        BufferedImage image = ImageIO.read(picture.toFile());
        assertThat(image.getHeight()).isGreaterThan(200);
        assertThat(Files.readString(page)).contains("<html").contains("ball").doesNotContain("http://")
                .doesNotContain("https://");
    }

    @Test
    void attention_outsideTheModel_isRefused() {
        CommandRun run = CommandRun.of("attention", "--layer", "9", PROMPT);
        assertThat(run.err()).contains("--layer: 9, the model has 6");
        assertThat(run.exitCode()).isEqualTo(2);
    }

    @Test
    void score_tellsPerplexityOfAFile_lowerForStoriesThanForNoise() throws Exception {
        Path story = Files.writeString(folder.resolve("story.txt"),
                "Once upon a time, there was a happy boy named Joe. He lived in a white house with his mother.");
        Path noise =
                Files.writeString(folder.resolve("noise.txt"), "zq 17 !! xylophone of of the the quark 9 9 ;; bru");
        assertThat(perplexity(story)).isPositive().isLessThan(perplexity(noise));
        assertThat(CommandRun.of("score", folder.resolve("none.txt").toString()).exitCode()).isEqualTo(1);
    }

    private static double perplexity(Path file) {
        CommandRun run = CommandRun.of("score", file.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        Matcher matcher = Pattern.compile("perplexity\\s+([0-9.]+)").matcher(run.out());
        assertThat(matcher.find()).as(run.out()).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    @Test
    void attribute_addsUpToTheLogitDifference() throws Exception {
        Path table = folder.resolve("parts.csv");
        CommandRun run = CommandRun.of("attribute", "--answer", " Mary", "--wrong", " John", "--out", table.toString(),
                "--plot", folder.resolve("parts.svg").toString(),
                "When Mary and John went to the store, John gave a drink to");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).startsWith("logit of \" Mary\" minus logit of \" John\" after 13 ·to: 12.24")
                .contains("L1H1", "rest");
        double sum = 0;
        double total = 0;
        for (String line : Files.readAllLines(table).subList(1, Files.readAllLines(table).size())) {
            double value = Double.parseDouble(line.substring(line.indexOf(',') + 1));
            total = line.startsWith("total,") ? value : total;
            sum += line.startsWith("total,") ? 0 : value;
        }
        assertThat(sum).isCloseTo(total, Offset.offset(1e-9));
        assertThat(Files.readString(folder.resolve("parts.svg"))).contains("Direct logit attribution", ">mlp</text>");
        assertThat(CommandRun.of("attribute", "--answer", " Mary John", "x").err()).contains("--answer: ",
                "must be one");
    }
}
