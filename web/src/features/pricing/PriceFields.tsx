import { ActionIcon, Button, Card, Grid, Group, Select, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { isMetered, MODELS, type ModelName, modelHint } from "./models";
import type { PlanDraft } from "./planDraft";
import { keyOf } from "./priceDraft";

export type PlanForm = UseFormReturnType<PlanDraft>;

interface Props {
  form: PlanForm;
  /** The price's place in the plan. */
  at: number;
  meters: { value: string; label: string }[];
}

/** The fields of one price; which there are depends on its model. */
export function PriceFields({ form, at, meters }: Props) {
  const price = form.getValues().prices[at];
  if (price === undefined) return null;
  const path = `prices.${at}`;
  const named = form.getInputProps(`${path}.name`);
  return (
    <Stack gap="md">
      <Grid gap="md">
        <Grid.Col span={{ base: 12, sm: 6 }}>
          <TextInput
            label="Name on the invoice"
            placeholder="API calls"
            {...named}
            onChange={(event) => {
              const follows = price.key === keyOf(price.name);
              named.onChange(event);
              if (follows) form.setFieldValue(`${path}.key`, keyOf(event.currentTarget.value));
            }}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, sm: 6 }}>
          <TextInput label="Price key" placeholder="api_calls" required {...form.getInputProps(`${path}.key`)} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, sm: 6 }}>
          <Select
            label="Price model"
            description={modelHint(price.model)}
            allowDeselect={false}
            data={MODELS.map(({ value, label }) => ({ value, label }))}
            value={price.model}
            onChange={(model) => form.setFieldValue(`${path}.model`, (model ?? "per_unit") as ModelName)}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, sm: 6 }}>
          {isMetered(price.model) ? (
            <Select
              label="Meter"
              description="Whose quantity is charged for."
              placeholder={meters.length === 0 ? "There is no meter yet" : "Choose a meter"}
              searchable
              data={meters}
              {...form.getInputProps(`${path}.meter`)}
            />
          ) : (
            <Select
              label="Due"
              description="When the fee of a period is billed."
              allowDeselect={false}
              data={[
                { value: "advance", label: "At the period's start" },
                { value: "arrears", label: "At the period's end" },
              ]}
              {...form.getInputProps(`${path}.billing`)}
            />
          )}
        </Grid.Col>
      </Grid>
      <ModelFields form={form} at={at} />
      {isMetered(price.model) && (
        <Grid gap="md">
          {(
            [
              ["included_quantity", "Included quantity"],
              ["minimum_amount", "Minimum amount"],
              ["maximum_amount", "Maximum amount"],
            ] as const
          ).map(([name, label]) => (
            <Grid.Col key={name} span={{ base: 12, xs: 4 }}>
              <Amount form={form} path={`${path}.${name}`} label={label} placeholder="None" />
            </Grid.Col>
          ))}
        </Grid>
      )}
    </Stack>
  );
}

function Amount({
  form,
  path,
  label,
  placeholder = "0.00",
  required = false,
}: {
  form: PlanForm;
  path: string;
  label: string;
  placeholder?: string;
  required?: boolean;
}) {
  // Text, not a number input: twelve places are exact only as text.
  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      inputMode="decimal"
      autoComplete="off"
      withAsterisk={required}
      {...form.getInputProps(path)}
    />
  );
}

function ModelFields({ form, at }: Omit<Props, "meters">) {
  const path = `prices.${at}`;
  const amount = (name: string, label: string, required = true) => (
    <Grid.Col key={name} span={{ base: 12, xs: 6 }}>
      <Amount
        form={form}
        path={`${path}.${name}`}
        label={label}
        required={required}
        placeholder={required ? "0.00" : "None"}
      />
    </Grid.Col>
  );
  switch (form.getValues().prices[at]?.model) {
    case "flat":
      return <Grid gap="md">{amount("amount", "Amount each period")}</Grid>;
    case "seats":
      return <Grid gap="md">{amount("unit_amount", "Amount for a seat")}</Grid>;
    case "per_unit":
      return <Grid gap="md">{amount("unit_amount", "Rate for a unit")}</Grid>;
    case "package":
      return (
        <Grid gap="md">
          {amount("package_size", "Units in a package")}
          {amount("amount", "Amount for a package")}
        </Grid>
      );
    case "percentage":
      return (
        <Grid gap="md">
          {amount("rate", "Share, 0.029 for 2.9 %")}
          {amount("fixed_amount", "Fixed amount an event", false)}
          {amount("min_per_event", "At least, an event", false)}
          {amount("max_per_event", "At most, an event", false)}
        </Grid>
      );
    case "cost_plus":
      return (
        <Grid gap="md">
          <Grid.Col span={{ base: 12, xs: 6 }}>
            <TextInput
              label="Provider of the models"
              placeholder="openai, anthropic, google…"
              withAsterisk
              {...form.getInputProps(`${path}.provider`)}
            />
          </Grid.Col>
          {amount("markup", "Markup, 0.20 for 20 %")}
        </Grid>
      );
    case "matrix":
      return <CellFields form={form} at={at} />;
    default:
      return <TierFields form={form} at={at} />;
  }
}

function TierFields({ form, at }: Omit<Props, "meters">) {
  const path = `prices.${at}.tiers`;
  const tiers = form.getValues().prices[at]?.tiers ?? [];
  const problem = form.errors[path];
  return (
    <Card component="fieldset" p="sm" m={0}>
      <Text component="legend" size="sm" fw={500} px={4}>
        Tiers
      </Text>
      <Stack gap="xs">
        {tiers.map((_, tier) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a tier is its place
          <Group key={tier} gap="xs" wrap="nowrap" align="flex-start">
            <TextInput
              flex={1}
              miw={0}
              inputMode="decimal"
              aria-label={`Tier ${tier + 1} up to`}
              description={tier === 0 ? "Up to" : undefined}
              placeholder={tier === tiers.length - 1 ? "No end" : "Quantity"}
              {...form.getInputProps(`${path}.${tier}.up_to`)}
            />
            <TextInput
              flex={1}
              miw={0}
              inputMode="decimal"
              aria-label={`Tier ${tier + 1} rate for a unit`}
              description={tier === 0 ? "Rate" : undefined}
              placeholder="0.00"
              {...form.getInputProps(`${path}.${tier}.unit_amount`)}
            />
            <TextInput
              flex={1}
              miw={0}
              inputMode="decimal"
              aria-label={`Tier ${tier + 1} flat amount`}
              description={tier === 0 ? "Flat" : undefined}
              placeholder="None"
              {...form.getInputProps(`${path}.${tier}.flat_amount`)}
            />
            <ActionIcon
              mt={tier === 0 ? 24 : 4}
              aria-label={`Remove tier ${tier + 1}`}
              disabled={tiers.length === 1}
              onClick={() => form.removeListItem(path, tier)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        {problem !== undefined && (
          <Text c="var(--mantine-color-error)" size="sm">
            {problem}
          </Text>
        )}
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          style={{ alignSelf: "flex-start" }}
          onClick={() =>
            form.insertListItem(path, { up_to: "", unit_amount: "", flat_amount: "" }, Math.max(0, tiers.length - 1))
          }
        >
          Add a tier
        </Button>
      </Stack>
    </Card>
  );
}

function CellFields({ form, at }: Omit<Props, "meters">) {
  const path = `prices.${at}`;
  const price = form.getValues().prices[at];
  const problem = form.errors[`${path}.cells`];
  if (price === undefined) return null;
  return (
    <Stack gap="md">
      <TagsInput
        label="Dimensions"
        description="Of the meter, whose values decide the rate."
        placeholder="model"
        {...form.getInputProps(`${path}.dimensions`)}
      />
      <Card component="fieldset" p="sm" m={0}>
        <Text component="legend" size="sm" fw={500} px={4}>
          Cells
        </Text>
        <Stack gap="xs">
          {price.cells.map((cell, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a cell is its place
            <Group key={row} gap="xs" wrap="nowrap" align="flex-start">
              {price.dimensions.map((dimension) => (
                <TextInput
                  key={dimension}
                  flex={1}
                  miw={0}
                  aria-label={`Cell ${row + 1}, ${dimension}`}
                  description={row === 0 ? dimension : undefined}
                  placeholder="Any"
                  value={cell.match[dimension] ?? ""}
                  onChange={(event) =>
                    form.setFieldValue(`${path}.cells.${row}.match`, {
                      ...cell.match,
                      [dimension]: event.currentTarget.value,
                    })
                  }
                />
              ))}
              <TextInput
                flex={1}
                miw={0}
                inputMode="decimal"
                aria-label={`Cell ${row + 1} rate for a unit`}
                description={row === 0 ? "Rate" : undefined}
                placeholder="0.00"
                {...form.getInputProps(`${path}.cells.${row}.unit_amount`)}
              />
              <ActionIcon
                mt={row === 0 ? 24 : 4}
                aria-label={`Remove cell ${row + 1}`}
                disabled={price.cells.length === 1}
                onClick={() => form.removeListItem(`${path}.cells`, row)}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </Group>
          ))}
          {problem !== undefined && (
            <Text c="var(--mantine-color-error)" size="sm">
              {problem}
            </Text>
          )}
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            style={{ alignSelf: "flex-start" }}
            onClick={() => form.insertListItem(`${path}.cells`, { match: {}, unit_amount: "" })}
          >
            Add a cell
          </Button>
        </Stack>
      </Card>
      <Amount form={form} path={`${path}.default_unit_amount`} label="Rate of everything else" placeholder="Free" />
    </Stack>
  );
}
