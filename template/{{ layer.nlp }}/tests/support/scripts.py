"""Sentences in scripts unlike Latin, made of word lists: joined without spaces where the script is written so."""

import numpy as np

# joined by, words of praise, words of complaint, other words
SCRIPTS = {
    "Arabic": (" ", "رائع ممتاز جميل لطيف نظيف", "سيئ قذر مزعج مكسور فظيع", "الغرفة السرير الفطور المسبح الموظف في من"),
    "Hindi": (" ", "अच्छा सुंदर साफ़ बढ़िया शानदार", "बुरा गंदा ख़राब टूटा घटिया", "कमरा बिस्तर नाश्ता होटल और में से"),
    "Thai": ("", "ดี สวย สะอาด อร่อย เยี่ยม", "แย่ สกปรก เสีย ช้า เลว", "ห้อง เตียง อาหาร โรงแรม และ ที่ พนักงาน"),
    "Chinese": ("", "好 美 干净 棒 优秀", "坏 脏 差 吵 糟", "房间 床 早餐 酒店 和 的 员工"),
    "Greek": (
        " ",
        "ωραίο καλό καθαρό υπέροχο άριστο",
        "κακό βρώμικο χαλασμένο άθλιο αργό",
        "δωμάτιο κρεβάτι πρωινό και στο πισίνα",
    ),
}


def sentences(script: str, rows: int = 240) -> tuple[list[str], list[str]]:
    """Return sentences and their labels, six in ten of them praise; the same each time."""
    random = np.random.default_rng(len(script))
    joint, praise, complaint, others = SCRIPTS[script]
    labels = np.where(random.random(rows) < 0.6, "praise", "complaint").tolist()

    def sentence(label: str) -> str:
        own = (praise if label == "praise" else complaint).split()
        words = [*random.choice(own, 2), *random.choice(others.split(), 4)]
        return joint.join(random.permutation(words))

    return [sentence(label) for label in labels], labels
