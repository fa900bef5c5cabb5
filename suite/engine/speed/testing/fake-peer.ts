/** @file A contestant with one case for each way in which a case can go. */
import { serve } from "../serve.ts";

await serve("fake", async ({ case: name }) => {
  switch (name) {
    case "works":
      return { step: () => undefined };
    case "throws":
      return {
        step: () => {
          throw new Error("no luck");
        },
      };
    case "dies":
      console.error("first words");
      console.error("last words");
      return process.exit(3);
    default:
      return null;
  }
});
