"""Requests that sound like ours and are not: none of them may be taken."""

from __future__ import annotations

import pytest

from device.brain.recogniser import Recogniser

NEAR_MISSES = """
forget this song and go to the next
forget everything about math
delete everything on my todo list
erase the items on my list
delete the hair appointment on may 1st
what did i forget
why do people forget things
i forget how to spell xylophone
forget the last song
my sister said forget that
how do i find out who owns a house
did you find my keys
do you have an answer for climate change
any news on the weather
forget the milk
what did columbus find out
how do people forget things
what time does the store open
what time is my flight
what time is dinner
what time does the movie start
when does the train to london leave
what time should i go to bed
how long does it take to boil an egg
what is the time difference between paris and tokyo
what time zone is berlin in
is it time for lunch yet
what is the date of my appointment
when is my mother's birthday
what day is the concert
when does my passport expire
when is christmas
how many days until easter
what is on my calendar for tomorrow
what is the due date of my bill
what is the volume of a cube
what is the volume of a sphere
how much volume does this bottle hold
turn up the heat
turn down the thermostat
turn the lights off
turn up the brightness
lower the blinds
raise my credit limit
increase the font size
set the temperature to 20
set the oven to 200
wave height today
what are microwaves
how high are the waves at the beach
what is a heat wave
tell my mom a joke
send a joke to my brother
was that a joke to you
why are jokes funny
who wrote the jungle book
read me the news
tell me the story of my account balance
what is the story behind this song
is that a fact
flip the page
flip the burger
flip the switch
buy me some dice
dice the onions
how do i dice a tomato
how do i win a coin toss
how much is a rare coin worth
who made this sandwich
who made the first airplane
who is the president
how old is the universe
how old is my dog
where is my phone
where are bananas from
do i have any pets registered
what can i cook with eggs
what can i do in rome
what is my name
what is your favorite pizza topping
what does the word hello mean
how do you say goodbye in spanish
how do you say thank you in french
translate good morning
stop the music
how does an alarm clock work
who invented the timer
the fire alarm is loud
my alarm did not wake me
tell me in simple words what gravity is
tell me when the war ended
remind me what you said
remind me of the date of my last paycheck
how much is left of my allowance
how much time do i have left to pay my bill
how long is the nile
give me a minute
wait a second
get me a taxi in five minutes
the meeting is in ten minutes
what was i doing an hour ago
start the car in ten minutes
set the table for six
wake up
stop my subscription
cancel my flight
cancel the reservation
quiet places near me
look up a recipe
look up the weather
look left and right means what
dance lessons near me
who won the dance competition
what is a good dance song
turn left at the corner
raise the drawbridge
nod off
shake the bottle
how do i shake off a cold
do you know where my keys are
how much is the rent
how much are two tickets to paris
what is 9/11
what is the number of the fire brigade
call 555 1234
divide the cake among us
what is the square of trafalgar
i need to plus size my order
multiply my savings
is it going to rain
play some music
what is the weather
next song please
""".strip().splitlines()


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_a_request_that_only_sounds_like_ours_is_left_alone(recogniser: Recogniser, text: str) -> None:
    assert recogniser.recognise(text) is None


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "😀😀", "\n\t", "x" * 5000, "hello " * 500])
def test_what_has_no_words_or_far_too_many_is_left_alone(recogniser: Recogniser, text: str) -> None:
    assert recogniser.recognise(text) is None


def test_there_are_enough_of_them_to_mean_something() -> None:
    assert len(set(NEAR_MISSES)) >= 60
