import {
  Accordion,
  ActionIcon,
  Button,
  Card,
  Grid,
  Group,
  NativeSelect,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { metersQuery } from "@/api/meters";
import { Problem } from "@/api/problem";
import { ErrorState } from "@/components/ErrorState";
import { Calculator } from "./Calculator";
import { modelLabel } from "./models";
import { PriceFields } from "./PriceFields";
import { INTERVALS, type PlanDraft } from "./planDraft";
import { keyOf, newPrice, sentPrice } from "./priceDraft";

interface Props {
  initial: PlanDraft;
  /** A new version can't change the plan's key. */
  isNew: boolean;
  /** Raises: Problem, whose fields are shown where they are. */
  save: (draft: PlanDraft, publish: boolean) => Promise<unknown>;
  /** What publishing means here. */
  note: ReactNode;
}

/** Builds a plan price by price, each with its calculation beside it. */
export function PlanEditor({ initial, isNew, save, note }: Props) {
  const form = useForm<PlanDraft>({ initialValues: initial });
  const [opened, setOpened] = useState<string | null>(initial.prices[0]?.id ?? null);
  const [saving, setSaving] = useState<"draft" | "publish" | null>(null);
  const [error, setError] = useState<unknown>(null);
  const meters = useInfiniteQuery(metersQuery());
  const options = (meters.data?.pages.flatMap((page) => page.data) ?? []).map((meter) => ({
    value: meter.key,
    label: meter.name,
  }));
  const { prices, currency, name, key } = form.getValues();

  const submit = async (publish: boolean) => {
    setSaving(publish ? "publish" : "draft");
    setError(null);
    form.clearErrors();
    try {
      await save(form.getValues(), publish);
    } catch (failed) {
      setError(failed);
      if (failed instanceof Problem) {
        form.setErrors(failed.fields);
        const wrong = Object.keys(failed.fields).find((field) => field.startsWith("prices."));
        const place = prices[Number(wrong?.split(".")[1])];
        if (place !== undefined) setOpened(place.id);
      }
    } finally {
      setSaving(null);
    }
  };

  const named = form.getInputProps("name");
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit(true);
      }}
    >
      <Stack gap="lg">
        <Card component="section" aria-label="Plan">
          <Grid gap="md">
            <Grid.Col span={{ base: 12, sm: 6 }}>
              <TextInput
                label="Plan name"
                placeholder="Scale"
                required
                disabled={!isNew}
                {...named}
                onChange={(event) => {
                  named.onChange(event);
                  if (key === keyOf(name)) form.setFieldValue("key", keyOf(event.currentTarget.value));
                }}
              />
            </Grid.Col>
            <Grid.Col span={{ base: 12, sm: 6 }}>
              <TextInput
                label="Plan key"
                placeholder="scale"
                required
                disabled={!isNew}
                {...form.getInputProps("key")}
              />
            </Grid.Col>
            <Grid.Col span={{ base: 6, sm: 3 }}>
              <TextInput label="Currency" required maxLength={3} {...form.getInputProps("currency")} />
            </Grid.Col>
            <Grid.Col span={{ base: 6, sm: 3 }}>
              <NativeSelect label="Billed every" data={INTERVALS} {...form.getInputProps("interval")} />
            </Grid.Col>
            <Grid.Col span={{ base: 6, sm: 3 }}>
              <TextInput label="Trial, in days" inputMode="numeric" {...form.getInputProps("trial_days")} />
            </Grid.Col>
            <Grid.Col span={{ base: 6, sm: 3 }}>
              <TextInput
                label="Minimum a period"
                placeholder="None"
                inputMode="decimal"
                {...form.getInputProps("minimum_commitment")}
                error={form.errors.minimum_commitment ?? form.errors["minimum_commitment.amount"]}
              />
            </Grid.Col>
          </Grid>
        </Card>
        <Group justify="space-between">
          <Title order={2}>Prices</Title>
          <Button
            variant="default"
            leftSection={<IconPlus size={16} />}
            onClick={() => {
              const price = newPrice();
              form.insertListItem("prices", price);
              setOpened(price.id);
            }}
          >
            Add a price
          </Button>
        </Group>
        {form.errors.prices !== undefined && <Text c="var(--mantine-color-error)">{form.errors.prices}</Text>}
        <Accordion variant="separated" value={opened} onChange={setOpened} order={3} keepMounted={false}>
          {prices.map((price, at) => {
            const label = price.name || price.key || `Price ${at + 1}`;
            return (
              <Accordion.Item key={price.id} value={price.id}>
                <Group gap={0} wrap="nowrap">
                  <Accordion.Control>
                    <Text component="span" fw={600}>
                      {label}
                    </Text>{" "}
                    <Text component="span" c="dimmed" size="sm">
                      {modelLabel(price.model)}
                    </Text>
                  </Accordion.Control>
                  <ActionIcon
                    mr="xs"
                    size="lg"
                    aria-label={`Remove ${label}`}
                    onClick={() => form.removeListItem("prices", at)}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </Group>
                <Accordion.Panel>
                  <Grid gap="xl">
                    <Grid.Col span={{ base: 12, lg: 6 }}>
                      <PriceFields form={form} at={at} meters={options} />
                    </Grid.Col>
                    <Grid.Col span={{ base: 12, lg: 6 }}>
                      <Calculator price={sentPrice(price)} currency={currency} label={label} />
                    </Grid.Col>
                  </Grid>
                </Accordion.Panel>
              </Accordion.Item>
            );
          })}
        </Accordion>
        {error !== null && <ErrorState error={error} />}
        <Group justify="space-between">
          <Text c="dimmed" size="sm" maw={520}>
            {note}
          </Text>
          <Group gap="xs">
            <Button
              variant="default"
              loading={saving === "draft"}
              disabled={saving === "publish"}
              onClick={() => void submit(false)}
            >
              Save as draft
            </Button>
            <Button type="submit" loading={saving === "publish"} disabled={saving === "draft"}>
              Publish
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
