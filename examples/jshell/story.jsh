import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.GenerationOptions;

Model model = Model.load(Path.of(System.getProperty("model")));
Session session = model.newSession();
System.out.println(session.generate("Once upon a time", GenerationOptions.greedy(40)).text());
session.close();
model.close();
/exit
