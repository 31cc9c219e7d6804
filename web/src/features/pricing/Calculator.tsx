import { Box, Group, NumberInput, Select, SimpleGrid, Skeleton, Slider, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { curveQuery, evaluationQuery, type SentPrice } from "@/api/prices";
import { formatMoney, formatQuantity, formatRate, formatShort } from "@/app/formats";
import { ErrorState } from "@/components/ErrorState";
import { Steps } from "@/components/Steps";
import { TimeChart } from "@/components/TimeChart";
import { calculatedPrice } from "./priceDraft";
import { curveQuantities, type Mix, NO_MIX, reachOf, roundUp, usageOf } from "./usageOfQuantity";

/** Long enough that a moving slider does not ask at every pixel, short enough to follow it. */
const DEBOUNCE_MS = 120;

interface Props {
  price: SentPrice;
  currency: string;
  /** What is calculated, for those who can't see it. */
  label: string;
}

/** What a price makes of any quantity, step by step, as the slider moves; with its curves. */
export function Calculator({ price, currency, label }: Props) {
  // As text, for an object is another one at each render.
  const [written] = useDebouncedValue(JSON.stringify(calculatedPrice(price)), DEBOUNCE_MS * 3);
  const settledPrice = JSON.parse(written) as SentPrice;
  const [chosen, setChosen] = useState<number | null>(null);
  const usual = reachOf(settledPrice);
  const reach = chosen !== null && chosen > usual ? roundUp(chosen) : usual;
  const [mix, setMix] = useState<Mix>(NO_MIX);
  const quantity = chosen ?? Math.round(reach / 2);
  const [settled] = useDebouncedValue(quantity, DEBOUNCE_MS);
  const mixed = { ...mix, dimensions: { ...firstValues(settledPrice), ...mix.dimensions } };
  const { data, error, isPlaceholderData } = useQuery(
    evaluationQuery(settledPrice, currency, usageOf(settledPrice, settled, mixed)),
  );
  const id = useId();
  return (
    <Stack gap="md">
      <Group align="flex-end" gap="md" wrap="wrap">
        <Box flex="1 1 220px">
          <Text id={id} size="sm" fw={500} mb={6}>
            Quantity
          </Text>
          <Slider
            aria-label={`Quantity for ${label}`}
            thumbLabel={`Quantity for ${label}`}
            min={0}
            max={reach}
            step={Math.max(1, Math.round(reach / 500))}
            value={Math.min(quantity, reach)}
            onChange={setChosen}
            label={formatQuantity}
          />
        </Box>
        <NumberInput
          aria-label={`Exact quantity for ${label}`}
          w={150}
          min={0}
          max={1e15}
          allowDecimal={false}
          thousandSeparator=","
          value={quantity}
          onChange={(value) => setChosen(Number(value) || 0)}
        />
        <MixFields price={settledPrice} mix={mixed} onChange={setMix} />
      </Group>
      {error !== null ? (
        <ErrorState error={error} />
      ) : data === undefined ? (
        <Skeleton h={150} />
      ) : (
        <Box aria-busy={isPlaceholderData} aria-live="polite">
          <Group gap="xl" mb="xs">
            <Figure label="Cost" value={formatMoney(data.amount, currency)} />
            <Figure
              label="Effective rate"
              value={data.effective_rate === null ? "—" : formatRate(data.effective_rate, currency)}
            />
          </Group>
          <Steps label={`Calculation of ${label}`} steps={data.steps} currency={currency} amount={data.amount} />
        </Box>
      )}
      {error === null && <Curves price={settledPrice} currency={currency} reach={reach} mix={mixed} label={label} />}
    </Stack>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <Box>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text fz={22} fw={600} lh={1.3}>
        {value}
      </Text>
    </Box>
  );
}

function Curves({ price, currency, reach, mix, label }: Props & { reach: number; mix: Mix }) {
  const quantities = curveQuantities(reach);
  const points = quantities.map((quantity) => usageOf(price, quantity, mix));
  const { data } = useQuery(curveQuery(price, currency, points));
  if (data === undefined) return <Skeleton h={210} />;
  const cost = data.points.map((point) => ({
    label: formatShort(point.quantity),
    values: { cost: Number(point.amount) },
  }));
  const rate = data.points
    .filter((point) => point.effective_rate !== null)
    .map((point) => ({ label: formatShort(point.quantity), values: { rate: Number(point.effective_rate) } }));
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
      <Box miw={0}>
        <Text size="sm" fw={500} mb={4}>
          Cost against quantity
        </Text>
        <TimeChart
          label={`Cost against quantity, ${label}`}
          axis="Quantity"
          kind="line"
          height={180}
          points={cost}
          series={[{ key: "cost", label: "Cost" }]}
          format={(value) => formatMoney(value, currency)}
        />
      </Box>
      <Box miw={0}>
        <Text size="sm" fw={500} mb={4}>
          Effective rate
        </Text>
        <TimeChart
          label={`Effective rate, ${label}`}
          axis="Quantity"
          kind="line"
          height={180}
          points={rate}
          series={[{ key: "rate", label: "Effective rate" }]}
          format={(value) => formatRate(value.toPrecision(4), currency)}
        />
      </Box>
    </SimpleGrid>
  );
}

/** What else than a quantity the price depends on. */
function MixFields({ price, mix, onChange }: { price: SentPrice; mix: Mix; onChange: (mix: Mix) => void }) {
  if (price.model === "percentage") {
    return (
      <NumberInput
        label="Value of one event"
        w={150}
        min={0}
        value={mix.perEvent}
        onChange={(value) => onChange({ ...mix, perEvent: String(value) })}
      />
    );
  }
  return Object.entries(optionsOf(price)).map(([dimension, values]) => {
    const value = mix.dimensions[dimension] ?? "";
    const choose = (chosen: string) => onChange({ ...mix, dimensions: { ...mix.dimensions, [dimension]: chosen } });
    return values.length > 0 ? (
      <Select
        key={dimension}
        label={dimension}
        w={190}
        searchable
        allowDeselect={false}
        data={values}
        value={value}
        onChange={(chosen) => choose(chosen ?? "")}
      />
    ) : (
      <TextInput
        key={dimension}
        label={dimension}
        w={190}
        value={value}
        onChange={(event) => choose(event.currentTarget.value)}
      />
    );
  });
}

/** The values of each dimension that the price names. */
function optionsOf(price: SentPrice): Record<string, string[]> {
  if (price.model === "matrix") {
    const cells = price.cells as { match: Record<string, string> }[];
    return Object.fromEntries(
      (price.dimensions as string[]).map((name) => [
        name,
        [...new Set(cells.map((cell) => cell.match[name] ?? "").filter((value) => value !== ""))],
      ]),
    );
  }
  if (price.model === "cost_plus") {
    const rates = (price.list_prices ?? {}) as Record<string, Record<string, string>>;
    return {
      [String(price.model_dimension ?? "model")]: Object.keys(rates).sort(),
      [String(price.token_dimension ?? "token_type")]: [...new Set(Object.values(rates).flatMap(Object.keys))].sort(),
    };
  }
  return {};
}

function firstValues(price: SentPrice): Record<string, string> {
  const entries = Object.entries(optionsOf(price)).map(([name, values]) => [name, values[0] ?? ""] as const);
  if (price.model === "cost_plus" && entries[1]?.[1] === "") {
    return { [entries[0]?.[0] ?? "model"]: "gpt-4o", [entries[1][0]]: "input" };
  }
  return Object.fromEntries(entries);
}
