/** @file Values of the shape that a JSON schema describes: the least that GitHub could answer. */
import { readFileSync } from "node:fs";

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

const { components } = JSON.parse(
  readFileSync(new URL("github-api.json", import.meta.url), "utf8"),
) as { components: { schemas: Record<string, Schema> } };

/** An object of the named schema: required fields alone, `over` in place of some. */
export function sample(
  name: string,
  over: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { ...(leastValue({ $ref: `#/components/schemas/${name}` }) as object), ...over };
}

function leastValue(schema: Schema): unknown {
  if (schema.$ref)
    return leastValue(components.schemas[schema.$ref.split("/").at(-1) as string] as Schema);
  if (schema.nullable) return null;
  if (schema.enum) return schema.enum[0];
  const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map(leastValue));
  if (choice && !schema.properties) return leastValue(choice);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "string":
      return "x";
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return false;
    case "array":
      return [];
    default:
      return Object.fromEntries(
        (schema.required ?? []).map((key) => [key, leastValue(schema.properties?.[key] ?? {})]),
      );
  }
}
