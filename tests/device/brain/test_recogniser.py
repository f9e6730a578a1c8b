"""What people say, and what is understood of it."""

from __future__ import annotations

import pytest
from hassil import sample_expression

from device.brain import templates
from device.brain.recogniser import Recogniser
from device.contracts import Gesture

WORDINGS = {
    "time": """
        What time is it? | what's the time | Could you tell me the time, please? | do you have the time
        tell me what time it is | hey robot, what time is it | what's the current time | how late is it
        Excuse me, what time is it right now? | I'd like to know the time""",
    "date": """
        What's the date? | what day is it | tell me today's date please | what is the date today
        can you tell me what day it is today | which day of the week is it | what's today | what day is today
        could you please tell me the date""",
    "arithmetic": """
        What is 7 times 8? | what's two plus two | how much is 10 divided by 4 | calculate 3 + 4 * 5 please
        can you tell me what 20 percent of 50 is | what is the square root of sixteen | 12 - 5
        please add 456 and 781 for me | what does 6 x 7 equal | Could you help me with math?""",
    "volume": """
        Turn it up | volume up | please speak louder | make it quieter | turn down the volume please
        set the volume to 40 percent | could you be a bit louder please | mute | I can't hear you
        lower your volume""",
    "joke": """
        Tell me a joke | do you know a joke? | make me laugh | can you tell me a joke, please?
        I'd like to hear a joke | tell us a funny joke | joke please | tell me something funny
        please tell me a joke about cats""",
    "fact": """
        Tell me a fact | tell me a fun fact please | do you know any interesting facts? | surprise me
        tell me something interesting | what's a fun fact | can you tell me a fun fact about elephants
        teach me something new | give me a random fact""",
    "story": """
        Tell me a story | read me a story please | do you know a story? | story time
        can you tell me a bedtime story | I want to hear a story | tell us a short story | how about a story
        tell me a story about a robot""",
    "another": """
        another one | tell me another | one more | do you have another one? | one more please
        tell me another one please | another | and another one""",
    "repeat": """
        Repeat that | say that again | what did you say? | pardon? | can you repeat that please
        could you say that again | one more time please | I didn't hear you | please repeat what you said""",
    "stop": """
        stop | stop it | be quiet | please stop | stop talking | cancel | never mind | that's enough
        shut up | please be quiet | silence""",
    "found_out": """
        what did you find out | did you find out | do you have an answer | any news on my question
        What have you found out about it? | have you found anything out yet | did you find it out
        have you got the answer to my question | what was the answer to my question | any news on my questions
        do you have any answers for me""",
    "forget_question": """
        never mind about that | don't bother finding it out | you don't need to find out | forget my question
        forget about it | never mind my question | don't find it out | forget all my questions
        don't bother finding out | you don't have to find it out any more
        I don't need to know that any more""",
    "who_are_you": """
        who are you | what's your name | what is your name please | do you have a name
        what should I call you | tell me your name | can you tell me your name
        introduce yourself | what are you called""",
    "maker": """
        who made you | who built you | who created you? | who programmed you | tell me who made you
        can you tell me who made you | who invented you | who is your creator | what company made you""",
    "robot_or_person": """
        are you a robot | are you human? | are you real | are you a real person | what are you
        are you a person or a robot | am I talking to a robot | are you alive | are you really a human""",
    "abilities": """
        what can you do | what can I ask you | help | what can you help me with | what are your skills
        what can you do for me | can you tell me what you can do | how can you help me | what do you know""",
    "age": """
        how old are you | what's your age | when were you born | when is your birthday
        tell me how old you are | can you tell me how old you are | how old are you robot
        do you have a birthday""",
    "origin": """
        where are you from | where do you come from | where were you made | where do you live
        where were you born | can you tell me where you are from | where is your home
        what country are you from""",
    "hobbies": """
        what are your hobbies | do you have any hobbies | what do you do for fun | what do you like to do
        what's your favorite hobby | tell me about your hobbies | what do you do in your free time
        can you tell me your hobbies""",
    "pets": """
        do you have any pets | do you have a pet | do you have a dog | do you like cats | do you own pets
        tell me about your pets | do you like cats or dogs | have you got a cat""",
    "boss": """
        who do you work for | who is your boss | who are you working for | do you work for me | who owns you
        do you have a boss | tell me who your boss is | can you tell me who you work for""",
    "meaning_of_life": """
        what is the meaning of life | what's the purpose of life | does life have a meaning | why are we here
        can you tell me the meaning of life | what's the point of life | please tell me the meaning of life
        do you know the meaning of life""",
    "greeting": """
        hello | hi | hey there | good morning | hello robot | hi there! | good evening | nice to meet you
        howdy""",
    "how_are_you": """
        how are you | how are you doing today | what's up | how is it going | are you okay
        hello, how are you? | hey what's up | how do you feel today""",
    "thanks": """
        thank you | thanks | thank you very much | thanks a lot | thanks for your help | good job
        many thanks | I appreciate it | well done""",
    "goodbye": """
        goodbye | bye | bye bye | see you later | good night | see you tomorrow | I have to go
        bye robot | farewell""",
    "yes": "yes | yeah | yep | sure | of course | that's right | okay | yes please | go ahead | correct",
    "no": "no | nope | no thanks | no thank you | not really | that's wrong | don't do that | no way | nah",
    "unsure": """
        maybe | perhaps | I don't know | who knows | not sure | no idea | it depends | I'm not sure""",
    "coin": """
        flip a coin | toss a coin please | heads or tails | can you flip a coin | flip me a coin
        could you flip a coin for me | do a coin flip | coin toss | I want you to flip a coin""",
    "dice": """
        roll a die | roll the dice | roll a dice please | can you roll a die | throw the dice | roll two dice
        roll a 12 sided die | roll a die with six sides | please roll the dice for me | roll a d20""",
    "timer": """
        set a timer for ten minutes | set a pasta timer for 8 minutes | a 5 minute timer
        start a timer | timer for half an hour | please start a timer for me
        let me know in 15 minutes please
        tell me when two minutes are up | count down from one minute | set a timer called pasta for 8 minutes
        I'm cooking an egg, timer for 3 mins""",
    "alarm": """
        wake me at seven | Set an alarm for 7:30 am, please | wake me up at noon tomorrow | set an alarm
        set an alarm for half past six tomorrow | alarm at quarter past nine | I want to be woken up at 9
        wake me in an hour | set an alarm every day at seven | set two alarms""",
    "reminder": """
        remind me in 20 minutes to take my pills | remind me to take my pills in 20 minutes
        remind me at five to call mom | at 4 tomorrow afternoon, remind me to start the oven
        set a reminder for 2 pm | remind me | don't let me forget to feed the cat at six
        I need a reminder to water the plants at noon | remind me to call grandma tomorrow""",
    "timers": """
        how much time is left | how long is left on the timer | what timers do I have | when is my alarm
        how much time is left on my pasta timer | do I have any reminders | what time is my alarm set for
        when will you wake me | list my timers | is my alarm set""",
    "timers_cancel": """
        cancel the timer | cancel the pasta timer | cancel all timers | turn off the alarm | stop the timer
        please cancel my seven o'clock alarm | delete the reminder to take my pills | turn my alarm off
        no more timers | I don't need the alarm anymore""",
    "gesture": """
        wave | wave to me | can you wave please | nod | nod your head | shake your head | look left
        look to the right | look up | look down please | raise your arms | put your arms down | dance
        could you dance for me | look at me""",
    "forget_that": """
        Forget that | please forget that | forget what I just said | forget what I said | can you forget that?
        erase what I said | don't remember that | forget that I told you that | you didn't hear that""",
    "forget_last": """
        Forget the last five minutes | delete everything from the last 2 hours | forget the last hour
        erase what we said in the last 30 seconds | forget everything I said in the last ten minutes
        please forget everything of the last 3 days | forget the last half hour | delete the last minute""",
    "forget_everything": """
        Forget everything | delete everything you know about me | erase all you have heard | wipe your memory
        forget all you know about us | delete all my data | forget everything I told you | forget me""",
}


def wordings() -> list[tuple[str, str]]:
    return [
        (intent, text.strip())
        for intent, listed in WORDINGS.items()
        for text in listed.replace("\n", "|").split("|")
        if text.strip()
    ]


@pytest.mark.parametrize(("intent", "text"), wordings())
def test_a_request_is_recognised_however_it_is_worded(recogniser: Recogniser, intent: str, text: str) -> None:
    recognised = recogniser.recognise(text)
    assert recognised is not None
    assert recognised.name == intent


@pytest.mark.parametrize("intent", templates.for_text("en").intents.intents)
def test_every_intent_has_its_wordings(intent: str) -> None:
    assert sum(of == intent for of, _ in wordings()) >= 8


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("what time is it in tokyo", {"place": "Tokyo", "zone": "Asia/Tokyo"}),
        ("what's the time in Punta Gorda, Florida?", {"place": "Florida", "zone": "America/New_York"}),
        ("what is the current est time", {"place": "Eastern Time", "zone": "America/New_York"}),
        ("what time is it in glorbistan", {"place": "glorbistan"}),
        ("what time is it here", {}),
        ("what day is tomorrow", {"days": 1}),
        ("what's the date tomorrow, please", {"days": 1}),
        ("what will the date be in three days", {"days": 3}),
        ("what day will it be in twenty-one days", {"days": 21}),
        ("what's the date 400 days from now", {"days": 400}),
        ("what date is next tuesday", {"weekday": "tuesday"}),
        ("what was the date yesterday", {"days": -1}),
        ("volume to 4", {"percent": 40}),
        ("set the volume to 4 percent", {"percent": 4}),
        ("set the volume to 70", {"percent": 70}),
        ("volume seventy percent", {"percent": 70}),
        ("maximum volume", {"percent": 100}),
        ("mute", {"percent": 0}),
        ("i would like the volume lower", {"change": "down"}),
        ("roll two dice", {"sides": 6, "dice": 2}),
        ("roll an eight sided die", {"sides": 8, "dice": 1}),
        ("roll a pair of eight sided dice", {"sides": 8, "dice": 2}),
        ("roll a d20", {"sides": 20, "dice": 1}),
        ("give me a random number between 1 and 10", {"sides": 10, "dice": 1}),
        ("flip a coin, i call tails", {"called": "tails"}),
        ("tell me a joke about the moon", {"topic": "the moon"}),
        ("what is 7 times 8", {"sum": "7 × 8"}),
        ("forget my question", {}),
        ("forget all my questions", {"everything": 1}),
        ("never mind", {"never_mind": 1}),
        ("forget it, please", {"never_mind": 1}),
        ("stop", {}),
    ],
)
def test_what_is_asked_for_in_particular_is_understood(
    recogniser: Recogniser, text: str, slots: dict[str, str | int]
) -> None:
    recognised = recogniser.recognise(text)
    assert recognised is not None
    assert dict(recognised.slots) == slots


@pytest.mark.parametrize("gesture", Gesture)
def test_every_gesture_has_words(recogniser: Recogniser, gesture: Gesture) -> None:
    recognised = recogniser.recognise(gesture.value.replace("_", " ").replace("head", "your head"))
    words = {Gesture.LOOK_AHEAD: "look ahead", Gesture.RAISE_ARMS: "raise your arms"}
    words[Gesture.LOWER_ARMS] = "lower your arms"
    recognised = recogniser.recognise(words[gesture]) if gesture in words else recognised
    assert recognised is not None
    assert recognised.slots == {"gesture": gesture.value}


@pytest.mark.parametrize(
    "asked", ["what is the volume at 400", "set the volume to 400", "roll a 1 sided die"]
)
def test_what_no_skill_could_do_is_left_alone(recogniser: Recogniser, asked: str) -> None:
    assert recogniser.recognise(asked) is None


def spoken_sentences() -> list[tuple[str, str]]:
    """Up to twelve samples, spread out, of every sentence that the speech grammar is made of."""
    spoken = templates.for_speech("en").intents
    found = []
    for name, intent in spoken.intents.items():
        for block in intent.data:
            for sentence in block.sentences:
                expression = sentence.expression
                samples = list(sample_expression(expression, spoken.slot_lists, spoken.expansion_rules, "en"))
                step = max(1, len(samples) // 12)
                found += [(name, text.strip()) for text in samples[::step]]
    return found


def test_everything_that_the_speech_grammar_hears_is_recognised_as_meant(recogniser: Recogniser) -> None:
    missed = [
        (name, text, got)
        for name, text in spoken_sentences()
        if (got := recogniser.recognise(text)) is None or got.name != name
    ]
    assert missed == []
