"""What the e-mail of an alert says, in each language of invoices."""

from collections.abc import Mapping
from typing import Final

_ENGLISH: Final = {
    "subject": "{name}: {threshold} reached",
    "usage": "The usage of {meter} by {customer} has reached the threshold of your alert “{name}”.",
    "cost": "The cost of {customer} has reached the threshold of your alert “{name}”.",
    "so_far": "So far",
    "threshold": "Threshold",
    "period": "Period",
    "of": "{percent} of {whole}",
    "footer": "You get this e-mail once in each period. {organisation} or its customer portal can change that.",
}

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": _ENGLISH,
    "de": {
        "subject": "{name}: {threshold} erreicht",
        "usage": "Die Nutzung von {meter} durch {customer} hat die Schwelle Ihres Alarms „{name}“ erreicht.",
        "cost": "Die Kosten von {customer} haben die Schwelle Ihres Alarms „{name}“ erreicht.",
        "so_far": "Bisher",
        "threshold": "Schwelle",
        "period": "Zeitraum",
        "of": "{percent} von {whole}",
        "footer": "Diese E-Mail kommt einmal je Zeitraum. Ändern lässt sie sich bei {organisation} oder im Portal.",
    },
    "fr": {
        "subject": "{name} : {threshold} atteint",
        "usage": "L’utilisation de {meter} par {customer} a atteint le seuil de votre alerte « {name} ».",
        "cost": "Le coût de {customer} a atteint le seuil de votre alerte « {name} ».",
        "so_far": "À ce jour",
        "threshold": "Seuil",
        "period": "Période",
        "of": "{percent} de {whole}",
        "footer": "Cet e-mail est envoyé une fois par période. Pour le modifier : {organisation} ou son portail.",
    },
    "es": {
        "subject": "{name}: {threshold} alcanzado",
        "usage": "El uso de {meter} por {customer} ha alcanzado el umbral de su alerta «{name}».",
        "cost": "El coste de {customer} ha alcanzado el umbral de su alerta «{name}».",
        "so_far": "Hasta ahora",
        "threshold": "Umbral",
        "period": "Periodo",
        "of": "{percent} de {whole}",
        "footer": "Este correo llega una vez por periodo. Para cambiarlo: {organisation} o su portal de clientes.",
    },
    "it": {
        "subject": "{name}: {threshold} raggiunto",
        "usage": "L’utilizzo di {meter} da parte di {customer} ha raggiunto la soglia del suo avviso “{name}”.",
        "cost": "Il costo di {customer} ha raggiunto la soglia del suo avviso “{name}”.",
        "so_far": "Finora",
        "threshold": "Soglia",
        "period": "Periodo",
        "of": "{percent} di {whole}",
        "footer": "Questa e-mail arriva una volta per periodo. Per modificarla: {organisation} o il suo portale.",
    },
    "nl": {
        "subject": "{name}: {threshold} bereikt",
        "usage": "Het gebruik van {meter} door {customer} heeft de drempel van uw melding “{name}” bereikt.",
        "cost": "De kosten van {customer} hebben de drempel van uw melding “{name}” bereikt.",
        "so_far": "Tot nu toe",
        "threshold": "Drempel",
        "period": "Periode",
        "of": "{percent} van {whole}",
        "footer": "Deze e-mail komt één keer per periode. Wijzigen kan via {organisation} of in het klantenportaal.",
    },
    "pt": {
        "subject": "{name}: {threshold} atingido",
        "usage": "A utilização de {meter} por {customer} atingiu o limite do seu alerta “{name}”.",
        "cost": "O custo de {customer} atingiu o limite do seu alerta “{name}”.",
        "so_far": "Até agora",
        "threshold": "Limite",
        "period": "Período",
        "of": "{percent} de {whole}",
        "footer": "Este e-mail chega uma vez por período. Para o alterar: {organisation} ou o seu portal do cliente.",
    },
    "ja": {
        "subject": "{name}：{threshold} に達しました",
        "usage": "{customer} の {meter} の使用量が、アラート「{name}」のしきい値に達しました。",
        "cost": "{customer} の料金が、アラート「{name}」のしきい値に達しました。",
        "so_far": "現在まで",
        "threshold": "しきい値",
        "period": "期間",
        "of": "{whole} の {percent}",
        "footer": "このメールは期間ごとに一度届きます。変更は {organisation} またはポータルで。",
    },
}


def words_of(locale: str) -> Mapping[str, str]:
    """`en-GB` reads as `en`."""
    return _WORDS[locale.partition("-")[0]]
