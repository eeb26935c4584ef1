package io.github.pastkv.lens.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.pastkv.lens.patching.LabeledGrid;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Pictures for papers: what has to be readable is in them, as SVG and as PNG. */
class PictureTest {
    @TempDir private Path folder;

    private static GridFigure figure(double... values) {
        BitSet done = new BitSet();
        done.set(0, values.length);
        LabeledGrid grid = new LabeledGrid("resid_pre", List.of("layer", "position"),
                List.of(List.of("0", "1"), List.of("A", " to", ",")), values, done, null);
        return GridFigure.of(grid, new GridFigure.Scale("logit of \"x\" & more", 1, "unpatched"),
                new Caption("Patching <resid>", List.of("clean: A to,", "corrupted: B to,")), "corrupted prompt");
    }

    private List<String> texts(Picture picture) throws Exception {
        Path file = folder.resolve("picture.svg");
        picture.write(file);
        NodeList nodes = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile())
                .getElementsByTagName("text");
        return IntStream.range(0, nodes.getLength()).mapToObj(i -> nodes.item(i).getTextContent())
                .toList();
    }

    @Test
    void gridMap_saysWhatItShows() throws Exception {
        assertThat(texts(new DivergingMap(figure(1, 1, 1, 5, 1, 0.5)).picture()))
                .contains("Patching <resid>", "clean: A to,", "corrupted: B to,", "logit of \"x\" & more", "layer",
                        "position (corrupted prompt)", "0 A", "1 ·to", "2 ,", "1.00 unpatched", "5.00", "0.50");
    }

    /** A long title of the bar is not lost beyond the picture, and does not make the bar higher than its map. */
    @Test
    void longTitleOfTheBar_hasLines_withinThePicture() throws Exception {
        GridFigure figure = figure(1, 2, 3, 4, 5, 6);
        GridFigure.Scale scale = new GridFigure.Scale("logit of \" Mary\" minus logit of \" John\"", 1, "unpatched");
        GridFigure titled = new GridFigure(figure.caption(), figure.rowAxis(), figure.columnAxis(), figure.rowLabels(),
                figure.columnLabels(), figure.panelTitles(), figure.panelsPerRow(), scale, figure.values());
        Picture picture = new DivergingMap(titled).picture();
        assertThat(texts(picture)).contains("logit of \" Mary\"", "minus logit of", "\" John\"");
        assertThat(picture.height()).isEqualTo(new DivergingMap(figure).picture().height());
    }

    @Test
    void colors_coverTheRangeOfTheNumbers_only() {
        GridFigure above = figure(1, 1, 1, 5, 2, 3);
        assertThat(above.low()).isEqualTo(1);
        assertThat(above.high()).isEqualTo(5);
        BufferedImage image = new DivergingMap(above).picture().image();
        Map<Boolean, Integer> kinds = new HashMap<>();
        for (int x = 0; x < image.getWidth(); x++) {
            for (int y = 0; y < image.getHeight(); y++) {
                Color color = new Color(image.getRGB(x, y));
                if (Math.abs(color.getRed() - color.getBlue()) > 40) {
                    kinds.merge(color.getRed() > color.getBlue(), 1, Integer::sum);
                }
            }
        }
        assertThat(kinds.get(true)).as("red pixels").isGreaterThan(500);
        assertThat(kinds).as("nothing lies below the baseline").doesNotContainKey(false);
    }

    @Test
    void png_isTheSamePictureAtTwiceItsSize() throws IOException {
        Picture picture = new DivergingMap(figure(1, 2, 3, 4, 5, 6)).picture();
        picture.write(folder.resolve("picture.png"));
        BufferedImage image = ImageIO.read(folder.resolve("picture.png").toFile());
        assertThat(image.getWidth()).isEqualTo(2 * picture.width());
        assertThat(image.getHeight()).isEqualTo(2 * picture.height());
        assertThatThrownBy(() -> picture.write(folder.resolve("picture.gif"))).isInstanceOf(IOException.class)
                .hasMessageContaining("must end in .svg or .png");
        assertThatThrownBy(() -> Picture.requireFormat("--plot", Path.of("a.pdf")))
                .hasMessage("--plot: a.pdf, must end in .svg or .png");
        assertThat(Files.exists(folder.resolve("picture.gif"))).isFalse();
    }

    @Test
    void textOnACell_canBeReadOnEveryColor() {
        for (int step = 0; step <= 100; step++) {
            for (Color color : List.of(HeatMap.color(step / 100f), DivergingMap.color(step / 50.0 - 1, 0, 1))) {
                double text = luminance(Picture.readableOn(color));
                double cell = luminance(color);
                double contrast = (Math.max(text, cell) + 0.05) / (Math.min(text, cell) + 0.05);
                assertThat(contrast).as("step %d, %s", step, color).isGreaterThan(4.5);
            }
        }
    }

    private static double luminance(Color color) {
        double[] weights = {0.2126, 0.7152, 0.0722};
        float[] channels = color.getRGBColorComponents(null);
        double sum = 0;
        for (int i = 0; i < 3; i++) {
            double linear = channels[i] <= 0.04045 ? channels[i] / 12.92 : Math.pow((channels[i] + 0.055) / 1.055, 2.4);
            sum += weights[i] * linear;
        }
        return sum;
    }

    @Test
    void edgeOfALayout_passesNoNode() {
        CircuitLayout layout =
                new CircuitLayout(Map.of("embed", 0, "a0.1", 1, "m0", 2, "a1.0", 3, "a1.1", 3, "output", 9));
        List<CircuitLayout.Way> ways = List.of(layout.addEdge("embed", "output"), layout.addEdge("a0.1", "a1.1"),
                layout.addEdge("m0", "output"), layout.addEdge("a1.0", "output"), layout.addEdge("a1.1", "output"),
                layout.addEdge("embed", "a0.1"), layout.addEdge("a0.1", "m0"), layout.addEdge("embed", "a1.0"));
        layout.arrange();
        for (CircuitLayout.Way way : ways) {
            List<CircuitLayout.Place> passed = way.places().subList(1, way.places().size() - 1);
            for (CircuitLayout.Place place : passed) {
                for (String node : List.of("embed", "a0.1", "m0", "a1.0", "a1.1", "output")) {
                    CircuitLayout.Place other = layout.place(node);
                    assertThat(other.line() != place.line() || Math.abs(other.x() - place.x()) > 46)
                            .as("%s and an edge at %s", node, place).isTrue();
                }
            }
        }
    }

    @Test
    void heatMap_hasAxesBarAndTexts() throws Exception {
        Picture picture = new HeatMap(new Caption("Lens", List.of("model: m")), "after", "position", "probability",
                List.of("layer 0"), List.of("0 A", "1 B"), new float[][] {{0.2f, 1}},
                new String[][] {{"x\n0.20", "y\n1.00"}}).picture();
        assertThat(texts(picture)).contains("after", "position", "probability", "x", "0.20", "1", "0", "0 A");
        Element ignored = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(folder.resolve("picture.svg").toFile()).getDocumentElement();
        assertThat(ignored.getTagName()).isEqualTo("svg");
    }
}
